//! Processes that are killed or stopped in the middle of a call. What ran is read off the ledger.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kit::ledger::Ledger;

use crate::caller::{Caller, FOR_EVER, LEASE};
use crate::spoken::{SOON, Spoken, unique};

however_spoken! {
    the_call_of_a_killed_process_is_taken_over_after_its_lease
    a_stopped_owner_overwrites_nothing_when_it_wakes
    a_hundred_calls_from_three_processes_run_once
    a_storm_with_kills_leaves_one_result_for_each_key
}

/// C40, H42
async fn the_call_of_a_killed_process_is_taken_over_after_its_lease(spoken: Spoken) {
    let (server, ledger, key) = (spoken.shared(), Ledger::new(), unique());
    let mut killed = Caller::start(spoken, &server.url(), &ledger).await;
    let mut next = Caller::start(spoken, &server.url(), &ledger).await;
    let asked = Instant::now();
    killed.call(&key, Duration::ZERO, FOR_EVER);
    killed.running(&key).await;
    killed.process.kill();
    next.call(&key, Duration::ZERO, Duration::ZERO);
    assert_eq!(next.done(&key).await, ("refused".to_owned(), "in_flight".to_owned()));
    next.call(&key, SOON, Duration::ZERO);
    let (how, note) = next.done(&key).await;
    assert!(asked.elapsed() >= LEASE, "{:?}", asked.elapsed());
    assert_eq!(how, "ran");
    assert_eq!(note, format!("{} stored", ledger.notes(&key)[1]));
    assert_eq!(ledger.count(&key), 2);
}

/// C22b, H44
async fn a_stopped_owner_overwrites_nothing_when_it_wakes(spoken: Spoken) {
    let (server, ledger, key) = (spoken.shared(), Ledger::new(), unique());
    let mut stopped = Caller::start(spoken, &server.url(), &ledger).await;
    let mut next = Caller::start(spoken, &server.url(), &ledger).await;
    stopped.call(&key, Duration::ZERO, LEASE / 2);
    stopped.running(&key).await;
    stopped.process.pause();
    next.call(&key, SOON, Duration::ZERO);
    let (how, note) = next.done(&key).await;
    assert_eq!(how, "ran");
    let notes = ledger.notes(&key);
    assert_eq!(note, format!("{} stored", notes[1]));
    stopped.process.resume();
    // Its caller gets its value all the same, and is told.
    assert_eq!(stopped.done(&key).await, ("ran".to_owned(), format!("{} unstored", notes[0])));
    for caller in [&mut stopped, &mut next] {
        caller.call(&key, Duration::ZERO, Duration::ZERO);
        assert_eq!(caller.done(&key).await, ("replayed".to_owned(), notes[1].clone()));
    }
    assert_eq!(ledger.count(&key), 2);
}

/// C13
async fn a_hundred_calls_from_three_processes_run_once(spoken: Spoken) {
    let (server, ledger) = (spoken.shared(), Ledger::new());
    let mut callers = Vec::new();
    for _ in 0..3 {
        callers.push(Caller::start(spoken, &server.url(), &ledger).await);
    }
    for round in 0..10 {
        let key = unique();
        // Some so short that most calls find a result, some so long that most have to wait.
        let body = Duration::from_millis(5 * round);
        for call in 0..100 {
            callers[call % 3].call(&key, SOON, body);
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

async fn a_storm_with_kills_leaves_one_result_for_each_key(spoken: Spoken) {
    const ROUNDS: usize = 6;
    let (server, ledger) = (spoken.shared(), Ledger::new());
    let keys: Vec<_> = (0..20).map(|_| unique()).collect();
    let mut kills = 0;
    for round in 0..ROUNDS {
        let mut callers = Vec::new();
        for _ in 0..2 {
            callers.push(Caller::start(spoken, &server.url(), &ledger).await);
        }
        // All keys at once; bodies that are killed at their start, in their middle, at their end.
        for (n, key) in keys.iter().enumerate() {
            for caller in &mut callers {
                caller.call(key, Duration::from_millis(100), Duration::from_millis(5 * n as u64));
            }
        }
        tokio::time::sleep(Duration::from_millis(15 * round as u64)).await;
        for mut caller in callers {
            caller.process.kill();
            kills += 1;
        }
    }
    let mut last = Caller::start(spoken, &server.url(), &ledger).await;
    for key in &keys {
        last.call(key, SOON, Duration::ZERO);
        let (how, first) = last.done(key).await;
        assert_ne!(how, "refused", "{key}: {first}");
        let result = first.trim_end_matches(" stored").to_owned();
        last.call(key, Duration::ZERO, Duration::ZERO);
        assert_eq!(last.done(key).await, ("replayed".to_owned(), result.clone()));
        let notes = ledger.notes(key);
        assert!(notes.contains(&result), "{result} is no effect: {notes:?}");
        // At most one run was broken off by each kill, and only one was not.
        assert!(notes.len() <= 1 + kills, "{notes:?}");
    }
}
