//! The macros on real code, without the compiler: hundreds of uses in a second.
//!
//! `tests/compile-fail` asks the compiler the same and more, in a minute.

mod looks;
mod patterns;
mod pinned;
mod told;
mod uses;

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use uses::Told;

/// What begins the compiler's own errors that have no code. All others without one are a macro's.
const OF_THE_COMPILER: &[&str] = &[
    "future cannot be sent between threads safely",
    "implementation of `",
    "prefix `",
    "unreachable expression",
    "unused variable",
    "variable does not need to be mutable",
];

const CASES: &str = "tests/compile-fail/cases";

/// What the snapshots of the compile-fail cases say that the macros tell, and nothing else, where
/// they say it.
#[test]
fn refused_as_the_snapshots_say() {
    let mut mistakes = 0;
    let mut wrong = Vec::new();
    for case in files(CASES) {
        let source = fs::read_to_string(&case).expect("a readable case");
        if ["macro_rules!", "async_trait]", "key!()"].iter().any(|word| source.contains(word)) {
            // What another macro writes, and the place of a call without anything in it, the
            // compiler alone knows.
            continue;
        }
        let snapshot = fs::read_to_string(case.with_extension("stderr")).expect("a snapshot");
        let (mut due, panics) = read(&snapshot);
        let expansions = uses::expansions(source.parse().expect("tokens"));
        let mut told = Vec::new();
        for expansion in &expansions {
            uses::told(expansion.clone(), &mut told);
        }
        due.sort();
        told.sort();
        mistakes += due.len();
        if due != told {
            wrong.push(format!("{}:\ndue {due:#?}\ntold {told:#?}", case.display()));
        }
        // Machines and their transitions are judged by the compiler, in the words of the macro.
        let texts: Vec<_> = expansions.into_iter().flat_map(uses::texts).collect();
        for panic in panics {
            if !texts.contains(&panic) {
                wrong.push(format!("{}: nowhere {panic:?}", case.display()));
            }
            mistakes += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(mistakes >= 300, "only {mistakes} mistakes found");
}

/// What the tests, the examples and the benches use is right.
#[test]
fn accepted_where_it_is_used() {
    let mut uses = 0;
    let folders = ["tests/tests", "tests/kit", "tests/benches", "examples"];
    for file in folders.into_iter().flat_map(files) {
        let source = fs::read_to_string(&file).expect("a readable file");
        if !["idempotent(", "KeyPart)", "StateMachine", "key!("]
            .iter()
            .any(|word| source.contains(word))
        {
            continue;
        }
        let tokens: TokenStream = source.parse().expect("tokens");
        let mut told = Vec::new();
        for expansion in uses::expansions(tokens) {
            uses::told(expansion, &mut told);
            uses += 1;
        }
        assert!(told.is_empty(), "{}: {told:#?}", file.display());
    }
    assert!(uses >= 300, "only {uses} uses found");
}

/// The mistakes in a snapshot that a macro told, and the panics of constants.
fn read(snapshot: &str) -> (Vec<Told>, Vec<String>) {
    let mut told = Vec::new();
    let mut panics = Vec::new();
    let mut lines = snapshot.lines();
    while let Some(line) = lines.next() {
        if let Some(panic) = line.strip_prefix("error[E0080]: evaluation panicked: ") {
            panics.push(panic.to_owned());
        }
        let Some(message) = line.strip_prefix("error: ") else { continue };
        if OF_THE_COMPILER.iter().any(|own| message.starts_with(own)) {
            continue;
        }
        let place = lines.next().expect("a place after each error");
        let mut numbers = place.rsplit(':').map(|number| number.parse().expect("a number"));
        let (Some(column), Some(line)) = (numbers.next(), numbers.next()) else {
            panic!("no place: {place}")
        };
        told.push(Told { line, column, message: message.to_owned() });
    }
    (told, panics)
}

/// The sources below a folder of the repository.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found
}
