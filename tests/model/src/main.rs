//! Searches the large models, and prints how many states each has: some minutes, and some gigabytes.
//!
//!     cargo run --release -p model [WORD in the model's name]...

use std::process::ExitCode;

use model::claims::{Claims, Token};
use model::search::search;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted =
        |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let (mut states, mut broken) = (0, false);
    for (name, model) in models().into_iter().filter(|(name, _)| wanted(name)) {
        let search = search(model);
        println!("{name}: {search}");
        if let Some((rule, trace)) = &search.broken {
            println!("BROKEN: {rule}\n{trace}");
        }
        if !search.missed.is_empty() {
            println!("NOT REACHED: {:?}", search.missed);
        }
        states += search.states;
        broken |= search.broken.is_some() || !search.missed.is_empty();
    }
    println!("in all: {states} states");
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn models() -> Vec<(&'static str, Claims)> {
    let token = Token { behind: [0, 1, 0], life: 1, leeway: 1 };
    vec![
        ("setnx, 2 callers", Claims::setnx(2)),
        ("setnx, 2 callers in one process", Claims { together: true, ..Claims::setnx(2) }),
        ("count, 2 callers, 1 attempt", Claims::count(2, 1)),
        ("count, 2 callers, 2 attempts", Claims::count(2, 2)),
        ("token, 2 callers", Claims::token(2, token)),
    ]
}
