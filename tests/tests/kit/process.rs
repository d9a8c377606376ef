use std::time::Duration;

use kit::process::Process;
use tokio::time::timeout;

use crate::SOON;

fn shell(script: &str) -> kit::process::Starting {
    Process::run("sh").arg("-c").arg(script)
}

#[tokio::test]
async fn lines_go_in_and_out() {
    let mut process = shell("while read line; do echo noise; echo \"$GREETING, $line\"; done")
        .env("GREETING", "hello")
        .start();
    for name in ["A", "B"] {
        process.say(name);
        assert_eq!(process.line_with(name, SOON).await, format!("hello, {name}"));
    }
}

#[tokio::test]
async fn its_end_is_waited_for() {
    assert_eq!(shell("exit 3").start().exit_status(SOON).await, 3);
    let mut process = shell("kill -9 $$").start();
    assert_eq!(process.exit_status(SOON).await, 128 + 9);
}

#[tokio::test]
async fn its_input_is_closed() {
    let mut cat = Process::run("cat").start();
    cat.say("line");
    cat.close_input();
    assert_eq!(cat.exit_status(SOON).await, 0);
    cat.line_with("line", SOON).await;
}

#[tokio::test]
async fn a_paused_one_says_nothing_until_resumed() {
    let mut process = shell("echo ready; while read line; do echo $line; done").start();
    process.line_with("ready", SOON).await;
    process.pause();
    process.say("now");
    let early = timeout(Duration::from_millis(50), process.line_with("now", SOON)).await;
    assert!(early.is_err(), "it is stopped");
    process.resume();
    process.line_with("now", SOON).await;
}

#[tokio::test]
async fn a_killed_one_takes_its_children_along() {
    let mut process = shell("sleep 600 & echo child $!; wait").start();
    let line = process.line_with("child", SOON).await;
    let child = format!("/proc/{}", line.trim_start_matches("child "));
    process.kill();
    kit::wait_for("the child to go", SOON, async || {
        // Nobody may be left who collects its exit status: ended is enough.
        std::fs::read_to_string(format!("{child}/stat")).map_or(true, |stat| stat.contains(") Z"))
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "went wrong")]
async fn what_it_said_on_its_standard_error_is_in_the_message() {
    shell("echo 'it went wrong' >&2").start().line_with("ready", SOON).await;
}
