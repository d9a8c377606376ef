//! An example in a process of its own.

use std::process::Command;

use kit::process::Process;

use crate::brokers::SOON;

/// Starts a program.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Process {
    arguments.iter().fold(Process::run(program), |starting, it| starting.arg(*it)).start()
}

/// Tells a consumer to stop as Ctrl-C does.
pub(crate) fn press_ctrl_c(process: &Process) {
    let sent = Command::new("kill").args(["-s", "INT", &process.pid().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "`kill` can be run");
}

/// Stops a consumer so, and waits for its good end.
pub(crate) async fn interrupt(process: &mut Process) {
    press_ctrl_c(process);
    assert_eq!(process.exit_status(SOON).await, 0, "it ends well");
}
