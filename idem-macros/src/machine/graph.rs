//! States by their numbers, and the edges between them.

/// For each state those it leads to, in the order in which they were declared. The first is the
/// start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Graph(pub(super) Vec<Vec<usize>>);

impl Graph {
    /// The states that can be reached from `from`, itself only by a cycle.
    pub(super) fn reachable(&self, from: usize) -> Vec<usize> {
        let mut reached = Vec::new();
        let mut next = vec![from];
        while let Some(state) = next.pop() {
            for &to in &self.0[state] {
                if !reached.contains(&to) {
                    reached.push(to);
                    next.push(to);
                }
            }
        }
        reached
    }

    /// The states that keep others from being reached: with an edge to each of these, all would be.
    pub(super) fn unreachable(&self) -> Vec<usize> {
        let mut told = Vec::new();
        let mut reached: Vec<bool> = vec![false; self.0.len()];
        let reach = |from: usize, reached: &mut [bool]| {
            reached[from] = true;
            self.reachable(from).into_iter().for_each(|state| reached[state] = true);
        };
        reach(0, &mut reached);
        // First those to which no other leads, then one of each cycle.
        let led_to = |state: usize| self.0.iter().any(|to| to.contains(&state));
        let (cycles, heads): (Vec<_>, Vec<_>) = (1..self.0.len()).partition(|state| led_to(*state));
        for state in heads.into_iter().chain(cycles) {
            if !reached[state] {
                told.push(state);
                reach(state, &mut reached);
            }
        }
        told.sort_unstable();
        told
    }

    /// The shortest way from `to` back to `from`, both included, if the edge lies on a cycle.
    pub(super) fn back(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut ways = vec![vec![to]];
        let mut seen = vec![to];
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let last = way[way.len() - 1];
                if last == from {
                    return Some(way);
                }
                for &next in &self.0[last] {
                    if !seen.contains(&next) {
                        seen.push(next);
                        longer.push([&way[..], &[next]].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;

    /// `"ab ac cb"` are the edges a → b, a → c, c → b of the states `abc`.
    fn graph(states: usize, edges: &str) -> Graph {
        let number = |name: u8| usize::from(name - b'a');
        let mut graph = Graph(vec![Vec::new(); states]);
        for edge in edges.split_whitespace() {
            let edge = edge.as_bytes();
            graph.0[number(edge[0])].push(number(edge[1]));
        }
        graph
    }

    #[test]
    fn what_is_cut_off_is_told_where_it_is_cut() {
        for (states, edges, told) in [
            (1, "", &[][..]),
            (3, "ab bc", &[]),
            (3, "ab", &[2]),
            // c leads to d: with an edge to c both are reached.
            (4, "ab cd", &[2]),
            (4, "ab dc", &[3]),
            // A cycle on its own is told once.
            (4, "ab cd dc", &[2]),
            (5, "ab cd dc ec", &[4]),
            // An edge back to the start reaches nothing.
            (2, "ba", &[1]),
        ] {
            assert_eq!(graph(states, edges).unreachable(), told, "{edges}");
        }
    }

    #[test]
    fn an_edge_is_on_a_cycle_when_a_way_leads_back() {
        let machine = graph(5, "ab bc cb bd da ae");
        assert_eq!(machine.back(0, 1), Some(vec![1, 3, 0]));
        assert_eq!(machine.back(1, 2), Some(vec![2, 1]));
        assert_eq!(machine.back(0, 4), None);
        assert_eq!(graph(2, "ab").back(0, 1), None);
    }
}
