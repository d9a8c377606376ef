//! A machine as a Mermaid state diagram.

use super::graph::Graph;

/// Words of Mermaid's own, in any case.
const RESERVED: &[&str] = &[
    "accdescr",
    "acctitle",
    "as",
    "class",
    "classdef",
    "click",
    "default",
    "direction",
    "end",
    "hide",
    "note",
    "scale",
    "state",
    "style",
];

/// The text of the diagram, a line for each edge.
pub(super) fn write(states: &[String], graph: &Graph) -> String {
    let ids: Vec<_> = states.iter().map(|state| id(state)).collect();
    let mut lines = vec!["stateDiagram-v2".to_owned()];
    for (id, state) in ids.iter().zip(states) {
        if id != state {
            lines.push(format!("    state \"{state}\" as {id}"));
        }
    }
    lines.push(format!("    [*] --> {}", ids[0]));
    for (from, to) in graph.0.iter().enumerate() {
        for to in to {
            lines.push(format!("    {} --> {}", ids[from], ids[*to]));
        }
        if to.is_empty() {
            lines.push(format!("    {} --> [*]", ids[from]));
        }
    }
    lines.join("\n") + "\n"
}

/// What stands for a state: its name, unless Mermaid would take it for something else.
fn id(state: &str) -> String {
    let is_reserved = RESERVED.contains(&state.to_lowercase().as_str());
    if is_reserved { format!("{state}_") } else { state.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edge_is_a_line() {
        let states = ["Pending", "Paid", "End"].map(str::to_owned);
        let graph = Graph(vec![vec![1, 2], vec![2], vec![]]);
        let diagram = "\
stateDiagram-v2
    state \"End\" as End_
    [*] --> Pending
    Pending --> Paid
    Pending --> End_
    Paid --> End_
    End_ --> [*]
";
        assert_eq!(write(&states, &graph), diagram);
    }
}
