//! What `cargo run -p examples --bin charging` comes to, wherever it dies.

use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, die_after: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charging"));
    command.arg("--folder").arg(folder);
    if let Some(step) = die_after {
        command.args(["--die-after", step]);
    }
    command.output().expect("the example runs")
}

/// What a run that went well has printed.
fn finished(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn an_order_is_captured_once_wherever_the_process_dies() {
    for step in [None, Some("begun"), Some("captured"), Some("answered")] {
        let folder = tempfile::tempdir().expect("a folder");
        if step.is_some() {
            let died = run(folder.path(), step);
            assert!(!died.status.success(), "{step:?}: {died:?}");
        }
        for _ in 0..2 {
            let shown = finished(&run(folder.path(), None));
            assert!(shown.contains("Order 7 is paid; captures at the provider: 1"), "{shown}");
            assert!(shown.contains("Order 8 is failed; captures at the provider: 0"), "{shown}");
        }
    }
}

#[test]
fn what_was_left_in_the_middle_is_finished_by_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    run(folder.path(), Some("captured"));
    let shown = finished(&run(folder.path(), None));
    assert!(shown.contains("Order 7 was left in charging"), "{shown}");
}
