use kit::{ledger::Ledger, process::Process};

use crate::SOON;

#[test]
fn effects_are_counted_by_key() {
    let ledger = Ledger::new();
    assert_eq!(ledger.count("a"), 0);
    ledger.append("a", "first");
    ledger.append("a:b", "other");
    ledger.append("a", "second");
    assert_eq!(ledger.notes("a"), ["first", "second"]);
    assert_eq!((ledger.count("a:b"), ledger.entries().len()), (1, 3));
}

#[tokio::test]
async fn another_process_appends_to_it() {
    let ledger = Ledger::new();
    ledger.append("a", "here");
    let script = "printf 'a\\tthere\\n' >>\"$LEDGER\"; echo written";
    let path = ledger.path().to_str().unwrap();
    let mut other = Process::run("sh").arg("-c").arg(script).env("LEDGER", path).start();
    other.line_with("written", SOON).await;
    assert_eq!(ledger.notes("a"), ["here", "there"]);
}
