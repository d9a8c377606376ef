//! Processes that race, are killed and are stopped. What ran is read off the ledger: never more than
//! the limit.

use std::collections::BTreeSet;
use std::time::Duration;

use kit::ledger::Ledger;

use crate::caller::{Caller, FOR_EVER, LEASE};
use crate::spoken::{SOON, Spoken, unique};

however_spoken! {
    a_hundred_calls_from_three_processes_run_once
    killed_owners_spend_the_limit_one_by_one
    a_stopped_owner_completes_if_nobody_superseded_it
    a_stopped_owner_overwrites_nothing_when_it_wakes
    a_storm_with_kills_never_passes_the_limit
}

fn refused(why: &str) -> (String, String) {
    ("refused".to_owned(), why.to_owned())
}

/// C100
async fn a_hundred_calls_from_three_processes_run_once(spoken: Spoken) {
    let (server, ledger) = (spoken.shared(), Ledger::new());
    let mut callers = Vec::new();
    for _ in 0..3 {
        callers.push(Caller::start(spoken, &server.url(), &ledger).await);
    }
    for round in 0..5 {
        let key = unique();
        for call in 0..100 {
            callers[call % 3].count(&key, 1, SOON, Duration::from_millis(5 * round));
        }
        let mut values = BTreeSet::new();
        for call in 0..100 {
            let (how, note) = callers[call % 3].done(&key).await;
            assert_ne!(how, "refused", "{note}");
            values.insert(note.trim_end_matches(" stored").to_owned());
        }
        assert_eq!(ledger.count(&key), 1);
        assert_eq!(values, BTreeSet::from_iter(ledger.notes(&key)));
    }
}

/// H43: with a limit of 1 the effect is there once.
async fn killed_owners_spend_the_limit_one_by_one(spoken: Spoken) {
    let (server, ledger) = (spoken.shared(), Ledger::new());
    let mut next = Caller::start(spoken, &server.url(), &ledger).await;
    for limit in [1, 2] {
        let key = unique();
        for _ in 0..limit {
            let mut killed = Caller::start(spoken, &server.url(), &ledger).await;
            killed.count(&key, limit, SOON, FOR_EVER);
            killed.running(&key).await;
            killed.process.kill();
            next.count(&key, limit, Duration::ZERO, Duration::ZERO);
            assert_eq!(next.done(&key).await, refused("in_flight"));
        }
        for _ in 0..2 {
            next.count(&key, limit, SOON, Duration::ZERO);
            assert_eq!(next.done(&key).await, refused("exhausted"));
        }
        assert_eq!(ledger.count(&key), limit as usize);
    }
}

async fn a_stopped_owner_completes_if_nobody_superseded_it(spoken: Spoken) {
    let (server, ledger, key) = (spoken.shared(), Ledger::new(), unique());
    let mut stopped = Caller::start(spoken, &server.url(), &ledger).await;
    let mut next = Caller::start(spoken, &server.url(), &ledger).await;
    stopped.count(&key, 1, Duration::ZERO, LEASE / 2);
    stopped.running(&key).await;
    stopped.process.pause();
    next.count(&key, 1, SOON, Duration::ZERO);
    assert_eq!(next.done(&key).await, refused("exhausted"));
    stopped.process.resume();
    let note = ledger.notes(&key)[0].clone();
    assert_eq!(stopped.done(&key).await, ("ran".to_owned(), format!("{note} stored")));
    next.count(&key, 1, Duration::ZERO, Duration::ZERO);
    assert_eq!(next.done(&key).await, ("replayed".to_owned(), note));
    assert_eq!(ledger.count(&key), 1);
}

async fn a_stopped_owner_overwrites_nothing_when_it_wakes(spoken: Spoken) {
    let (server, ledger, key) = (spoken.shared(), Ledger::new(), unique());
    let mut stopped = Caller::start(spoken, &server.url(), &ledger).await;
    let mut next = Caller::start(spoken, &server.url(), &ledger).await;
    stopped.count(&key, 2, Duration::ZERO, LEASE / 2);
    stopped.running(&key).await;
    stopped.process.pause();
    next.count(&key, 2, SOON, Duration::ZERO);
    assert_eq!(next.done(&key).await.0, "ran");
    let notes = ledger.notes(&key);
    stopped.process.resume();
    assert_eq!(stopped.done(&key).await, ("ran".to_owned(), format!("{} unstored", notes[0])));
    for caller in [&mut stopped, &mut next] {
        caller.count(&key, 2, Duration::ZERO, Duration::ZERO);
        assert_eq!(caller.done(&key).await, ("replayed".to_owned(), notes[1].clone()));
    }
    assert_eq!(ledger.count(&key), 2);
}

async fn a_storm_with_kills_never_passes_the_limit(spoken: Spoken) {
    let (server, ledger) = (spoken.shared(), Ledger::new());
    let keys: Vec<_> = (0..20).map(|at| (unique(), 1 + at % 3)).collect();
    for round in 0..5 {
        let mut callers = Vec::new();
        for _ in 0..2 {
            callers.push(Caller::start(spoken, &server.url(), &ledger).await);
        }
        // Bodies that are killed at their start, in their middle, at their end.
        for (n, (key, limit)) in keys.iter().enumerate() {
            for caller in &mut callers {
                caller.count(key, *limit, SOON, Duration::from_millis(10 * n as u64));
            }
        }
        tokio::time::sleep(Duration::from_millis(30 * round)).await;
        for mut caller in callers {
            caller.process.kill();
        }
    }
    let mut last = Caller::start(spoken, &server.url(), &ledger).await;
    for (key, limit) in &keys {
        last.count(key, *limit, SOON, Duration::ZERO);
        let (how, first) = last.done(key).await;
        let result = first.trim_end_matches(" stored").to_owned();
        let notes = ledger.notes(key);
        assert!(notes.len() <= *limit as usize, "limit {limit}: {notes:?}");
        last.count(key, *limit, Duration::ZERO, Duration::ZERO);
        if how == "refused" {
            // A claim whose process was killed before its body began is spent as well.
            assert_eq!(first, "exhausted");
            assert_eq!(last.done(key).await, refused("exhausted"));
        } else {
            assert!(notes.contains(&result), "{result} is no effect: {notes:?}");
            assert_eq!(last.done(key).await, ("replayed".to_owned(), result));
        }
    }
}
