//! A batch that lands when the process that sent it is gone, and others have its keys.

use std::time::Instant;

use idem::{Idem, Outcome};
use kit::database::Kind as Servers;
use kit::ledger::Ledger;
use kit::proxy::Proxy;

use super::MANY;
use super::ends::{PLAN, all_settle, what_stands, worker_on};
use super::lost::as_in_a_batch;
use crate::database::{Database, Kind, SOON, ask, key};

on_every_server! {
    completions_that_land_late_overwrite_nothing
    claims_that_land_late_overwrite_nothing
}

/// A batch of names with their owners: no look has those.
fn a_batch(database: &Database) -> String {
    match database.kind {
        Kind::Server(Servers::MariaDb) => format!("[[\"{}", as_in_a_batch(database, "idem:op:")),
        _ => format!("op:{}", MANY.end - 1),
    }
}

/// Keeps a batch back until its process is gone and others have run. What one of them left is forgotten.
async fn lands_late(database: Database, of_completions: bool) {
    let (idem, ledger) = (database.engine().await, Ledger::new());
    let proxy = Proxy::start(database.server().address()).await;
    let through = database.by_way_of(proxy.address());
    let mut held = (!of_completions).then(|| proxy.hold_request(a_batch(&database)));
    let mut worker = worker_on(&through, &ledger).start();
    if of_completions {
        worker.line_with("all run", SOON).await;
        held = Some(proxy.hold_request(a_batch(&database)));
        worker.say("go");
    }
    let caught = held.unwrap().caught().await;
    worker.kill();
    let (died, stands) = (Instant::now(), what_stands(&idem).await);
    all_settle(&idem, &ledger, &stands, died).await;
    let last = MANY.end - 1;
    let entry = idem.get(&key(last)).await.unwrap().unwrap();
    assert_eq!(idem.purge(&key(last), entry.fence).await.unwrap(), idem::store::Settled::Done);
    let before = what_answers(&idem).await;
    caught.deliver().await;
    assert_eq!(what_answers(&idem).await, before);
    let (value, outcome) = ask(&idem, &PLAN.wait(SOON), last).await;
    assert_eq!(value.unwrap(), 77);
    assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
}

async fn completions_that_land_late_overwrite_nothing(database: Database) {
    lands_late(database, true).await;
}

async fn claims_that_land_late_overwrite_nothing(database: Database) {
    lands_late(database, false).await;
}

/// What stands under each key, and what duplicates get of it.
async fn what_answers(idem: &Idem) -> Vec<(u64, u64, usize)> {
    let mut answers = Vec::new();
    for number in MANY.start..MANY.end - 1 {
        let entry = idem.get(&key(number)).await.unwrap().unwrap();
        let (value, outcome) = ask(idem, &PLAN, number).await;
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{number}: {outcome:?}");
        answers.push((number, entry.fence, value.unwrap()));
    }
    answers
}
