//! What `cargo run -p examples --bin own_store` shows, twice.

use std::process::Command;

#[test]
fn the_second_run_charges_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_own_store")).arg(folder.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let charges = |shown: &str| shown.matches("the card is charged now").count();
    let receipts = |shown: &str| -> Vec<String> {
        let receipt = |line: &str| Some(line.split_once("receipt of ")?.1.to_owned());
        shown.lines().filter_map(receipt).collect()
    };

    let first = run();
    assert_eq!(charges(&first), 1, "{first}");
    let second = run();
    assert_eq!(charges(&second), 0, "{second}");
    let receipts = [receipts(&first), receipts(&second)].concat();
    assert_eq!(receipts.len(), 4, "{first}{second}");
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "{receipts:?}");
}
