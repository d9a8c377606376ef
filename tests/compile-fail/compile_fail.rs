//! What the macros refuse, and how they say it.
//!
//! `TRYBUILD=overwrite cargo test -p compile-fail` writes the snapshots anew; read each one that
//! changed.

use std::fs;
use std::path::{Path, PathBuf};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");

/// C60, C70, C118 and H78 among them.
#[test]
fn compile_fail() {
    trybuild::TestCases::new().compile_fail("cases/*/*.rs");
}

/// Each mistake is told once, and no message names what is no business of the user's.
#[test]
fn snapshots_keep_the_rules() {
    let mut checked = 0;
    for case in cases(Path::new(CASES)) {
        let source = fs::read_to_string(&case).expect("a readable case");
        let snapshot = case.with_extension("stderr");
        let told = fs::read_to_string(&snapshot)
            .unwrap_or_else(|error| panic!("{}: {error}", snapshot.display()));
        let name = case.strip_prefix(CASES).expect("below the folder").display();

        let mistakes = source
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("// mistakes: "))
            .map_or(1, |count| count.parse().expect("a number of mistakes"));
        let errors = told.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, mistakes, "errors in the snapshot of {name}:\n{told}");
        for private in ["__private", "idem_macros", "::key::", "returns::", "guarded::", "warning"]
        {
            assert!(!told.contains(private), "the snapshot of {name} has `{private}`:\n{told}");
        }
        // With these a snapshot would depend on whether the library's sources are installed, and on
        // the versions of other crates.
        for foreign in ["$RUST", "$CARGO", "rustlib", "registry"] {
            assert!(
                !told.contains(foreign),
                "the snapshot of {name} points into {foreign}:\n{told}"
            );
        }
        checked += 1;
    }
    assert!(checked >= 250, "only {checked} cases found");
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(cases(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}
