//! The records are those of durable claims: each mode honours the other's.

use std::time::Duration;

use idem::store::State;
use idem::{Codec, Error, Outcome, Plan, Returns};

use crate::bank::{Bank, Driver, PLAN, Then, end, key};

on_every_database! {
    a_live_durable_claim_is_in_flight
    a_durable_claim_that_has_lapsed_is_taken_over
    a_durable_result_is_replayed
    a_key_that_was_released_goes_on_with_its_fence
    what_has_expired_is_absent
    other_arguments_are_a_mismatch
    a_duplicate_may_be_rejected
    a_result_that_is_too_large_is_not_stored
    what_is_not_to_be_stored_is_free_again
    what_cant_be_read_is_left_alone
    a_long_name_is_one_key
}

const BRIEF: Duration = Duration::from_millis(200);

/// Leaves a durable claim behind that nobody renews.
async fn abandon<DB: Driver>(bank: &Bank<DB>, plan: Plan) {
    let idem = bank.engine().await;
    let held = async { Err::<i64, _>(Error::outage("unknown")) };
    idem.call(&plan.on_err(idem::OnErr::Hold), key(1), held).await.unwrap_err();
}

async fn a_live_durable_claim_is_in_flight<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    abandon(&bank, PLAN).await;
    let mut tx = bank.begin().await;
    let error = bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap_err();
    let Error::InFlight { retry_after, .. } = error else { panic!("{error:?}") };
    assert!(retry_after > Duration::from_secs(10), "{retry_after:?}: what is left of its lease");
    tx.commit().await.unwrap();
    assert_eq!(bank.entries().await, 0);
}

async fn a_durable_claim_that_has_lapsed_is_taken_over<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    for commit in [false, true] {
        if !commit {
            abandon(&bank, PLAN.lease(BRIEF)).await;
        }
        let mut tx = bank.begin().await;
        let plan = PLAN.wait(crate::bank::SOON);
        let (value, outcome) = DB::call(&idem, &mut tx, &plan, key(1), bank.body(10)).await;
        assert_eq!(value.unwrap(), 10);
        assert!(matches!(outcome, Outcome::Ran { attempt: 2, .. }), "{outcome:?}");
        end(tx, commit).await;
    }
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

async fn a_durable_result_is_replayed<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    idem.call(&PLAN, key(1), async { Ok::<i64, Error>(7) }).await.unwrap();
    let mut tx = bank.begin().await;
    let (value, outcome) = bank.pay(&idem, &mut tx, 1, 10).await;
    assert_eq!(value.unwrap(), 7);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
}

async fn a_key_that_was_released_goes_on_with_its_fence<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let failed = async { Err::<i64, _>(Error::outage("the body's own")) };
    idem.call(&PLAN, key(1), failed).await.unwrap_err();
    let before = idem.get(&key(1)).await.unwrap().unwrap();
    assert_eq!(before.state, Some(State::Free));
    let mut tx = bank.begin().await;
    let (_, outcome) = bank.pay(&idem, &mut tx, 1, 10).await;
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, .. }), "{outcome:?}");
    tx.commit().await.unwrap();
    let after = idem.get(&key(1)).await.unwrap().unwrap();
    assert_eq!((after.state, after.attempts), (Some(State::Completed), 2));
    assert!(after.fence > before.fence, "{before:?} {after:?}");
}

async fn what_has_expired_is_absent<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.builder().sweep_every(Duration::ZERO).build().await.unwrap();
    let plan = Plan::db().ttl(BRIEF);
    for value in [10, 11] {
        let mut tx = bank.begin().await;
        let (answer, outcome) = DB::call(&idem, &mut tx, &plan, key(1), bank.body(value)).await;
        assert_eq!(answer.unwrap(), value);
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "{outcome:?}");
        tx.commit().await.unwrap();
        kit::wait_for("the record to expire", crate::bank::SOON, async || {
            idem.get(&key(1)).await.unwrap().is_none()
        })
        .await;
    }
    assert_eq!((bank.entries().await, bank.records().await), (2, 1));
}

async fn other_arguments_are_a_mismatch<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    for (amount, fits) in [(5, true), (6, false), (5, true)] {
        let key = key(1).fingerprint(&amount);
        let (answer, _) = DB::call(&idem, &mut tx, &PLAN, key, bank.body(10)).await;
        match answer {
            Ok(_) => assert!(fits, "{amount}"),
            Err(error) => assert!(!fits && matches!(error, Error::Mismatch { .. }), "{error:?}"),
        }
    }
    tx.commit().await.unwrap();
    assert_eq!(bank.entries().await, 1);
}

async fn a_duplicate_may_be_rejected<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let plan = PLAN.reject_duplicates();
    let mut tx = bank.begin().await;
    let first = DB::call(&idem, &mut tx, &plan, key(1), bank.body(10)).await.0;
    assert_eq!(first.unwrap(), 10);
    let second = DB::call(&idem, &mut tx, &plan, key(1), bank.body(11)).await.0;
    assert!(matches!(second, Err(Error::Duplicate { .. })), "{second:?}");
    tx.commit().await.unwrap();
    assert_eq!(bank.entries().await, 1);
}

/// H77
async fn a_result_that_is_too_large_is_not_stored<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.builder().max_result(3).build().await.unwrap();
    let mut tx = bank.begin().await;
    assert_eq!(bank.pay(&idem, &mut tx, 1, 1234).await.0.unwrap(), 1234);
    tx.commit().await.unwrap();
    let mut tx = bank.begin().await;
    let duplicate = bank.pay(&idem, &mut tx, 1, 1235).await.0;
    assert!(matches!(duplicate, Err(Error::ResultNotStored { .. })), "{duplicate:?}");
    tx.commit().await.unwrap();
    assert_eq!(bank.entries().await, 1);
}

/// C75: what the body wrote is there all the same.
async fn what_is_not_to_be_stored_is_free_again<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    for attempt in [1, 2] {
        let mut tx = bank.begin().await;
        let body = bank.then(10, Then::DoNotStore);
        let (value, outcome) = DB::call(&idem, &mut tx, &PLAN, key(1), body).await;
        assert_eq!(value.unwrap(), 10);
        let Outcome::Ran { attempt: number, stored: true, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(number, attempt);
        tx.commit().await.unwrap();
    }
    assert_eq!(bank.entries().await, 2);
}

/// C72
async fn what_cant_be_read_is_left_alone<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    let damage = format!("update {} set record = '12345678'", bank.table);
    DB::execute(&mut tx, damage).await.unwrap();
    bank.pay(&idem, &mut tx, 2, 20).await.0.unwrap();
    tx.commit().await.unwrap();
    let before = format!("{}_before", bank.table);
    let copy = format!("create table {before} as select * from {}", bank.table);
    DB::execute(&mut bank.pool.acquire().await.unwrap(), copy).await.unwrap();
    let mut tx = bank.begin().await;
    let answer = bank.pay(&idem, &mut tx, 1, 11).await.0;
    assert!(matches!(answer, Err(Error::Unreadable { .. })), "{answer:?}");
    // A result of another codec neither.
    let returns = Returns::<Result<i64, Error>>::new(Err).replay::<Other>();
    let answer = DB::call_with(&idem, &mut tx, &PLAN, key(2), returns, bank.body(21)).await;
    assert!(matches!(answer, Err(Error::Unreadable { .. })), "{answer:?}");
    tx.commit().await.unwrap();
    let same = format!(
        "select count(*) from (select * from {} intersect select * from {before}) as same",
        bank.table
    );
    assert_eq!((bank.number(&same).await, bank.records().await), (2, 2), "to the byte");
    assert_eq!(bank.entries().await, 2);
}

struct Other;

impl Codec<i64> for Other {
    const NAME: &'static str = "other";

    fn encode(value: &i64, out: &mut Vec<u8>) -> Result<(), idem::Source> {
        out.extend_from_slice(&value.to_be_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<i64, idem::Source> {
        Ok(i64::from_be_bytes(bytes.try_into()?))
    }
}

async fn a_long_name_is_one_key<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.builder().prefix("é".repeat(50)).build().await.unwrap();
    let name = "ü".repeat(300);
    for value in [10, 11] {
        let mut tx = bank.begin().await;
        let key = idem::key!("pay:{name}");
        let (answer, _) = DB::call(&idem, &mut tx, &PLAN, key, bank.body(value)).await;
        assert_eq!(answer.unwrap(), 10);
        tx.commit().await.unwrap();
    }
}
