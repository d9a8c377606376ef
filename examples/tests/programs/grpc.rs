//! What the gRPC service and its client print.

use std::process::Command;

#[test]
fn a_payment_that_is_sent_twice_is_made_once_also_when_its_client_had_left() {
    let output = Command::new(env!("CARGO_BIN_EXE_grpc")).output().expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), 6, "{printed}");
    assert!(lines[0].ends_with(" receipt 1 of 500"), "{printed}");
    assert!(lines[1].ends_with(" receipt 1 of 500, replayed"), "{printed}");
    assert!(
        lines[2].contains("InvalidArgument: The key was used for another request"),
        "{printed}"
    );
    assert!(lines[3].contains(" Cancelled: ") || lines[3].contains(" DeadlineExceeded: "));
    assert!(lines[4].contains(" receipt 2 of 70"), "{printed}");
    assert_eq!(lines[5], "payments made: 2");
}
