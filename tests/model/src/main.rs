//! Searches the large models, and prints how many states each has: some minutes, and some gigabytes.
//!
//! ```sh
//! cargo run --release -p model [WORD in the model's name]...
//! ```

use std::process::ExitCode;

use model::large::models;
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
