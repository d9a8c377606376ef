//! One call: claim, writes and result are the caller's to commit.

use idem::{Error, Outcome, Plan};

use crate::bank::{Bank, Driver, PLAN, Then, end, key};

on_every_database! {
    what_commits_is_replayed
    what_is_rolled_back_never_was
    a_duplicate_leaves_the_transaction_usable
    an_error_undoes_the_call_and_nothing_else
    a_statement_that_is_refused_undoes_the_call_and_nothing_else
    a_success_after_a_refused_statement
}

async fn what_commits_is_replayed<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    let (value, outcome) = bank.pay(&idem, &mut tx, 1, 10).await;
    assert_eq!(value.unwrap(), 10);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    // In the same transaction, in another one, and of a durable call.
    let (value, outcome) = bank.pay(&idem, &mut tx, 1, 11).await;
    assert_eq!(value.unwrap(), 10);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
    tx.commit().await.unwrap();
    let elsewhere = bank.engine().await;
    let mut tx = bank.begin().await;
    assert_eq!(bank.pay(&elsewhere, &mut tx, 1, 12).await.0.unwrap(), 10);
    tx.commit().await.unwrap();
    let durable = async { Ok::<_, Error>(13) };
    assert_eq!(elsewhere.call(&PLAN, key(1), durable).await.unwrap(), 10);
    assert_eq!((bank.entries().await, bank.records().await), (1, 1));
}

async fn what_is_rolled_back_never_was<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    for value in [10, 11] {
        let mut tx = bank.begin().await;
        let (answer, outcome) = bank.pay(&idem, &mut tx, 1, value).await;
        assert_eq!(answer.unwrap(), value);
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "{outcome:?}");
        end(tx, value == 11).await;
    }
    assert_eq!((bank.entries_of(10).await, bank.entries_of(11).await), (0, 1));
}

async fn a_duplicate_leaves_the_transaction_usable<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap();
    tx.commit().await.unwrap();
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    for _ in 0..3 {
        assert_eq!(bank.pay(&idem, &mut tx, 1, 11).await.0.unwrap(), 10);
        bank.enter(&mut tx, 2).await;
    }
    assert_eq!(bank.pay(&idem, &mut tx, 2, 20).await.0.unwrap(), 20);
    tx.commit().await.unwrap();
    for (value, entries) in [(1, 1), (2, 3), (10, 1), (11, 0), (20, 1)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
}

async fn an_error_undoes_the_call_and_nothing_else<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let failed = DB::call(&idem, &mut tx, &PLAN, key(1), bank.then(10, Then::Fail)).await;
    assert!(failed.0.unwrap_err().to_string().contains("the body's own"));
    assert!(matches!(failed.1, Outcome::Ran { stored: true, .. }), "{:?}", failed.1);
    bank.enter(&mut tx, 2).await;
    tx.commit().await.unwrap();
    for (value, entries) in [(1, 1), (2, 1), (10, 0)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
    assert_eq!(bank.records().await, 0);
    let mut tx = bank.begin().await;
    assert_eq!(bank.pay(&idem, &mut tx, 1, 11).await.0.unwrap(), 11);
    tx.commit().await.unwrap();
}

async fn a_statement_that_is_refused_undoes_the_call_and_nothing_else<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let refused = DB::call(&idem, &mut tx, &PLAN, key(1), bank.then(10, Then::Refused)).await;
    refused.0.unwrap_err();
    bank.enter(&mut tx, 2).await;
    tx.commit().await.unwrap();
    for (value, entries) in [(1, 1), (2, 1), (10, 0)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
    assert_eq!(bank.records().await, 0);
}

/// Postgres has then failed the inner transaction, and nothing in it can last; the others go on.
async fn a_success_after_a_refused_statement<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let body = bank.then(10, Then::Heedless);
    let (answer, _) = DB::call(&idem, &mut tx, &Plan::db(), key(1), body).await;
    let kept = i64::from(answer.is_ok());
    assert_eq!(kept, i64::from(DB::NAME != "PostgreSQL"), "{answer:?}");
    if let Err(error) = answer {
        let told = error.to_string();
        assert_eq!(error.code(), "config", "{told}");
        assert!(told.contains("the body went on to answer `Ok`"), "{told}");
        assert!(told.contains("return the error, or run"), "{told}");
    }
    bank.enter(&mut tx, 2).await;
    tx.commit().await.unwrap();
    for (value, entries) in [(1, 1), (2, 1), (10, kept)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
    assert_eq!(bank.records().await, kept);
}
