//! What a completion and a release find where their attempt stood: they replace that attempt's record
//! and no other value, however alike it begins.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::store::{Settled, State};
use idem::{Error, Outcome, Plan, with_outcome};
use kit::redis::Client;

use crate::spoken::{PATIENT, SOON, Spoken, abandon, assert_replays, call, unique};

/// Nothing is renewed meanwhile: only what settles finds what has become of the record.
const PLAN: Plan = Plan::setnx().lease(Duration::from_mins(10));

however_spoken! {
    no_other_value_is_replaced
    what_another_attempt_or_a_person_has_left_is_not_replaced
    a_record_that_was_copied_back_is_replaced
    a_record_that_is_damaged_behind_its_fence_is_its_own_attempts
}

/// How the body of a call ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Completes,
    Releases,
}

const ENDS: [End; 2] = [End::Completes, End::Releases];

/// Makes a call whose body does this to its record, and ends. Nothing is left that is tried again.
async fn settle(idem: &idem::Idem, key: &str, end: End, act: impl AsyncFnOnce()) -> Outcome {
    let body = async {
        act().await;
        match end {
            End::Completes => Ok(7_usize),
            End::Releases => Err(Error::in_flight("the body's own", SOON)),
        }
    };
    let call = with_outcome(idem.call(&PLAN, idem::key!("op:{key}"), body));
    let (answer, outcome) = Box::pin(call).await;
    assert_eq!(answer.is_ok(), matches!(end, End::Completes), "{answer:?}");
    assert_eq!(idem.shutdown(SOON).await, 0);
    outcome
}

fn is_stored(outcome: Outcome) -> bool {
    let Outcome::Ran { attempt: 1, stored, .. } = outcome else { panic!("{outcome:?}") };
    stored
}

async fn put(client: &mut Client, name: &str, value: &[u8]) {
    client.run::<()>(&[b"SET", name.as_bytes(), value]).await;
}

/// All of it and when it expires; nothing where there is none.
async fn content(client: &mut Client, name: &str) -> (Option<Vec<u8>>, i64) {
    (client.run(&["DUMP", name]).await, client.run(&["PEXPIRETIME", name]).await)
}

/// The record with one byte changed.
fn with_byte(record: &[u8], at: usize, byte: u8) -> Vec<u8> {
    let mut record = record.to_vec();
    record[at] = byte;
    record
}

async fn no_other_value_is_replaced(spoken: Spoken) {
    type Other = fn(&[u8]) -> Option<Vec<u8>>;
    let others: [(&str, Other); 12] = [
        ("none", |_| None),
        ("an empty one", |_| Some(Vec::new())),
        ("the magic alone", |record| Some(record[..4].to_vec())),
        ("up to before the fence's last byte", |record| Some(record[..31].to_vec())),
        ("a newer version's", |record| Some(with_byte(record, 4, 2))),
        ("completed", |record| Some(with_byte(record, 5, 2))),
        ("free", |record| Some(with_byte(record, 5, 3))),
        ("one that counts", |record| Some(with_byte(record, 7, record[7] | 4))),
        ("another owner's", |record| Some(with_byte(record, 8, !record[8]))),
        ("an owner's whose last byte differs", |record| Some(with_byte(record, 23, !record[23]))),
        ("under another fence", |record| Some(with_byte(record, 24, record[24] + 1))),
        ("under a fence that is far away", |record| Some(with_byte(record, 31, 1))),
    ];
    let server = spoken.shared();
    let mut client = server.client().await;
    for ((what, other), end) in others.iter().flat_map(|other| ENDS.map(|end| (other, end))) {
        let idem = spoken.engine(&server.url(), PATIENT).await;
        let key = unique();
        let name = format!("idem:op:{key}");
        let mut before = None;
        let outcome = settle(&idem, &key, end, async || {
            let record: Vec<u8> = client.run(&["GET", &*name]).await;
            client.run::<()>(&["DEL", &*name]).await;
            if let Some(other) = other(&record) {
                put(&mut client, &name, &other).await;
            }
            before = Some(content(&mut client, &name).await);
        });
        assert!(!is_stored(outcome.await), "{what}: {end:?}");
        assert_eq!(before, Some(content(&mut client, &name).await), "{what}: {end:?}");
    }
    for end in ENDS {
        for write in [["RPUSH", "", "one", "two"], ["HSET", "", "idem", "value"]] {
            let idem = spoken.engine(&server.url(), PATIENT).await;
            let name = unique();
            let full = format!("idem:op:{name}");
            let outcome = settle(&idem, &name, end, async || {
                client.run::<()>(&["DEL", &*full]).await;
                client.run::<i64>(&[write[0], &*full, write[2], write[3]]).await;
            });
            assert!(!is_stored(outcome.await), "{write:?}: {end:?}");
            assert_ne!(client.run::<String>(&["TYPE", &*full]).await, "string", "{write:?}");
        }
    }
}

async fn what_another_attempt_or_a_person_has_left_is_not_replaced(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    for end in ENDS {
        for state in [State::Running, State::Free, State::Completed] {
            let idem = spoken.engine(&server.url(), PATIENT).await;
            let elsewhere = spoken.engine(&server.url(), PATIENT).await;
            let key = unique();
            let mut before = None;
            let outcome = settle(&idem, &key, end, async || {
                let fence = idem::attempt().fence();
                let by_hand = match state {
                    // The record is forgotten, and its name claimed with the same fence.
                    State::Running => elsewhere.purge(&idem::key!("op:{key}"), fence).await,
                    State::Free => elsewhere.release(&idem::key!("op:{key}"), fence).await,
                    _ => elsewhere.complete(&idem::key!("op:{key}"), fence, &5_usize).await,
                };
                if state == State::Running && matches!(by_hand, Ok(Settled::Done)) {
                    abandon(&elsewhere, PLAN, &key).await;
                }
                assert_eq!(by_hand.unwrap(), Settled::Done);
                before = Some(content(&mut client, &format!("idem:op:{key}")).await);
            });
            let stored = is_stored(outcome.await);
            // A key that is free is what a release is to come to, whoever has freed it.
            let is_made = state == State::Free && matches!(end, End::Releases);
            assert_eq!(stored, is_made, "{state:?}: {end:?}");
            let after = content(&mut client, &format!("idem:op:{key}")).await;
            assert_eq!(before, Some(after), "{state:?}: {end:?}");
        }
    }
}

/// Its bytes are the same; its time to live is not, or is gone.
async fn a_record_that_was_copied_back_is_replaced(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    for end in ENDS {
        for left in ["", "0", "50000"] {
            let idem = spoken.engine(&server.url(), PATIENT).await;
            let (key, runs) = (unique(), AtomicUsize::new(0));
            let name = format!("idem:op:{key}");
            let outcome = settle(&idem, &key, end, async || {
                if left.is_empty() {
                    client.run::<()>(&["PERSIST", &*name]).await;
                    return;
                }
                let dump: Vec<u8> = client.run(&["DUMP", &*name]).await;
                client.run::<()>(&["DEL", &*name]).await;
                let words = [b"RESTORE", name.as_bytes(), left.as_bytes(), &dump];
                client.run::<()>(&words).await;
            });
            assert!(is_stored(outcome.await), "{left}: {end:?}");
            // And is kept as long as any.
            let ttl: i64 = client.run(&["PTTL", &*name]).await;
            assert!((80_000_000..=86_400_000).contains(&ttl), "{left}: {ttl}");
            let elsewhere = spoken.engine(&server.url(), PATIENT).await;
            match end {
                End::Completes => assert_replays(&elsewhere, &key, 7).await,
                End::Releases => {
                    assert_eq!(call(&elsewhere, PLAN, &key, &runs).await.0.unwrap(), 1);
                }
            }
        }
    }
}

/// Whether it is replaced is the server's: by what was compared. Nothing else runs in either case.
async fn a_record_that_is_damaged_behind_its_fence_is_its_own_attempts(spoken: Spoken) {
    let server = spoken.shared();
    let mut client = server.client().await;
    for length in [32, 60] {
        let idem = spoken.engine(&server.url(), PATIENT).await;
        let elsewhere = spoken.engine(&server.url(), PATIENT).await;
        let (key, runs) = (unique(), AtomicUsize::new(0));
        let name = format!("idem:op:{key}");
        let outcome = settle(&idem, &key, End::Completes, async || {
            let record: Vec<u8> = client.run(&["GET", &*name]).await;
            put(&mut client, &name, &record[..length]).await;
            let (answer, _) = call(&elsewhere, PLAN, &key, &runs).await;
            assert!(matches!(answer, Err(Error::Unreadable { .. })), "{length}: {answer:?}");
        });
        if is_stored(outcome.await) {
            assert_replays(&elsewhere, &key, 7).await;
        } else {
            assert_eq!(client.run::<usize>(&["STRLEN", &*name]).await, length);
            let (answer, _) = call(&elsewhere, PLAN, &key, &runs).await;
            assert!(matches!(answer, Err(Error::Unreadable { .. })), "{length}: {answer:?}");
        }
        assert_eq!(runs.into_inner(), 0);
    }
}
