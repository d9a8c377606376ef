//! A process that is killed while it uses a token.

use std::time::{Duration, Instant};

use kit::ledger::Ledger;
use kit::process::Process;
use kit::redis::{Flavour, Server};

use crate::support::SOON;

const LEASE: Duration = Duration::from_secs(1);
/// Longer than the test.
const FOR_EVER: Duration = Duration::from_hours(1);

/// The same token may try again when the lease has lapsed, and after that it is used.
#[tokio::test]
async fn the_token_of_a_killed_process_is_used_after_its_lease() {
    let server = Server::shared(Flavour::Redis);
    let ledger = Ledger::new();
    let start = || {
        let caller = env!("CARGO_BIN_EXE_kit-caller");
        Process::run(caller).arg(server.url()).arg(ledger.path()).start()
    };
    let (mut killed, mut next) = (start(), start());
    for process in [&mut killed, &mut next] {
        process.line_with("ready", SOON).await;
    }
    killed.say("issue token-of-a-killed-process");
    let issued = killed.line_with("issued ", SOON).await;
    let token = issued.rsplit(' ').next().unwrap().to_owned();
    let key = "token-of-a-killed-process";
    let call = |wait: Duration, body: Duration| {
        let [lease, wait, body] = [LEASE, wait, body].map(|time| time.as_millis());
        format!("{key} {lease} {wait} {body} {token}")
    };
    let asked = Instant::now();
    killed.say(&call(Duration::ZERO, FOR_EVER));
    killed.line_with("running ", SOON).await;
    killed.kill();
    next.say(&call(Duration::ZERO, Duration::ZERO));
    assert!(next.line_with("done ", SOON).await.ends_with("refused in_flight"));
    next.say(&call(SOON, Duration::ZERO));
    let done = next.line_with("done ", SOON).await;
    assert!(done.contains(" ran ") && done.ends_with(" stored"), "{done}");
    assert!(asked.elapsed() >= LEASE, "{:?}", asked.elapsed());
    for _ in 0..3 {
        next.say(&call(Duration::ZERO, Duration::ZERO));
        let done = next.line_with("done ", SOON).await;
        assert_eq!(done, format!("done {key} replayed {}", ledger.notes(key)[1]));
    }
    assert_eq!(ledger.count(key), 2);
}
