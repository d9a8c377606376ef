//! What can't work says so before the body runs.

use std::time::Duration;

use idem::{Error, Idem, Key, OnErr, Plan, Returns, Token};

use crate::bank::{self, Bank, Driver, PLAN, key};

on_every_database! {
    a_plan_that_is_about_a_lease_is_refused
    a_token_that_no_call_would_look_at_is_refused
    an_engine_of_another_database_says_what_to_write
    a_table_that_is_missing_says_what_to_call
    a_key_without_parts_asks_nothing
    an_engine_that_is_disabled_runs_and_undoes
}

async fn refused<DB: Driver>(bank: &Bank<DB>, idem: &Idem, plan: &Plan, key: Key) -> String {
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let (answer, _) = DB::call(idem, &mut tx, plan, key, bank.body(10)).await;
    let Err(error @ Error::Config { .. }) = answer else { panic!("{answer:?}") };
    // Nothing was asked: the transaction is as it was.
    bank.enter(&mut tx, 1).await;
    tx.rollback().await.unwrap();
    error.to_string()
}

async fn a_plan_that_is_about_a_lease_is_refused<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let time = Duration::from_secs(1);
    for (plan, told) in [
        (Plan::setnx(), "`Plan::db()`"),
        (PLAN.lease(time), "`lease`"),
        (PLAN.max_runtime(time), "`max_runtime`"),
        (PLAN.on_err(OnErr::Hold), "`on_err`"),
        (PLAN.on_err(OnErr::Store), "`on_err`"),
        (PLAN.wait(Duration::ZERO), "at least a millisecond"),
    ] {
        let message = refused(&bank, &idem, &plan, key(1)).await;
        assert!(message.contains(told), "{message}");
    }
    let mut tx = bank.begin().await;
    let returns = Returns::<Result<i64, Error>>::new(Err).on_err(|_| Some(OnErr::Store));
    let answer = DB::call_with(&idem, &mut tx, &PLAN, key(1), returns, bank.body(10)).await;
    assert!(matches!(answer, Err(Error::Config { .. })), "{answer:?}");
}

/// A forged one would pass for one that was verified.
async fn a_token_that_no_call_would_look_at_is_refused<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let key = key(1).token(&Token::from("forged".to_owned()));
    let message = refused(&bank, &idem, &PLAN, key).await;
    assert!(message.contains("`Plan::token()`"), "{message}");
}

async fn an_engine_of_another_database_says_what_to_write<DB: Driver>(bank: Bank<DB>) {
    let other = match DB::NAME {
        "SQLite" => bank::postgres().await.engine().await,
        _ => bank::sqlite().await.engine().await,
    };
    for idem in [other, Idem::in_memory()] {
        let message = refused(&bank, &idem, &PLAN, key(1)).await;
        assert!(message.contains("(pool)` on the builder") || message.contains("needs a database"));
    }
}

async fn a_table_that_is_missing_says_what_to_call<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.builder().table("no_such_table").build().await.unwrap();
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let error = bank.pay(&idem, &mut tx, 1, 10).await.0.unwrap_err();
    assert!(matches!(error, Error::Outage { .. }), "{error:?}");
    assert!(error.to_string().contains("`idem.migrate()`"), "{error}");
    bank.enter(&mut tx, 1).await;
    tx.commit().await.unwrap();
    assert_eq!((bank.entries_of(1).await, bank.entries_of(10).await), (2, 0));
}

/// C45
async fn a_key_without_parts_asks_nothing<DB: Driver>(bank: Bank<DB>) {
    // Without a table a claim would be an outage.
    let idem = bank.builder().table("no_such_table").build().await.unwrap();
    let mut tx = bank.begin().await;
    let empty = "";
    let body = bank.body(10);
    let (answer, _) = DB::call(&idem, &mut tx, &PLAN, idem::key!("pay:{empty}"), body).await;
    assert!(matches!(answer, Err(Error::InvalidKey { .. })), "{answer:?}");
}

async fn an_engine_that_is_disabled_runs_and_undoes<DB: Driver>(bank: Bank<DB>) {
    let idem = Idem::builder().disabled().build().await.unwrap();
    let mut tx = bank.begin().await;
    for _ in 0..2 {
        let (answer, outcome) = bank.pay(&idem, &mut tx, 1, 10).await;
        assert_eq!((answer.unwrap(), outcome), (10, idem::Outcome::Unguarded));
    }
    let body = bank.then(11, bank::Then::Fail);
    let (answer, outcome) = DB::call(&idem, &mut tx, &PLAN, key(1), body).await;
    assert_eq!((answer.is_err(), outcome), (true, idem::Outcome::Unguarded));
    tx.commit().await.unwrap();
    assert_eq!((bank.entries().await, bank.records().await), (2, 0));
}
