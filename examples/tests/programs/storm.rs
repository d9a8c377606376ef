//! The storm as a person runs it: each strategy keeps what the README says of it.

use std::process::Command;

/// The effects of fifty calls at once and of the call that died, and what its duplicate was told.
fn row(said: &str, strategy: &str) -> (u32, u32, String) {
    let row = said.lines().find_map(|line| line.strip_prefix(&format!("{strategy:<12} ")));
    let row = row.unwrap_or_else(|| panic!("no row {strategy}: {said}"));
    let cells: Vec<_> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    (cells[0].parse().unwrap(), cells[2].parse().unwrap(), cells[3].to_owned())
}

#[test]
fn each_strategy_keeps_its_promise() {
    let out = Command::new(env!("CARGO_BIN_EXE_storm")).output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(row(&said, "none").0, 50, "{said}");
    for strategy in ["setnx", "db", "token"] {
        let (at_once, with_a_crash, told) = row(&said, strategy);
        assert_eq!((at_once, with_a_crash, told.as_str()), (1, 2, "receipt 2"), "{said}");
    }
    let (at_once, with_a_crash, told) = row(&said, "count");
    assert_eq!((at_once, with_a_crash, told.as_str()), (1, 1, "exhausted"), "{said}");
    for strategy in ["db with tx", "state"] {
        let (at_once, with_a_crash, told) = row(&said, strategy);
        assert_eq!((at_once, with_a_crash), (1, 1), "{said}");
        assert!(told.starts_with("receipt"), "{said}");
    }
}
