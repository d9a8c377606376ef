//! A database beside a key-value store, in one engine.

use idem::store::{Settled, State};
use idem::{Error, Idem, OnOutage, Plan};

use crate::database::{Database, Runs, ask, key};

on_every_database! {
    each_strategy_has_its_own_store
    people_find_a_key_in_either
}

async fn both(database: &Database) -> Idem {
    let idem = database.builder().memory().build().await.unwrap();
    idem.migrate().await.unwrap();
    idem
}

async fn each_strategy_has_its_own_store(database: Database) {
    let idem = both(&database).await;
    let runs = Runs::default();
    for plan in [Plan::setnx(), Plan::db(), Plan::setnx(), Plan::db()] {
        idem.call(&plan, key(1_u64), runs.body()).await.unwrap();
    }
    assert_eq!((runs.count(), database.rows().await), (2, 1));
    // Another process has the database, and not this one's memory.
    let elsewhere = both(&database).await;
    assert_eq!(elsewhere.call(&Plan::db(), key(1_u64), runs.body()).await.unwrap(), 2);
    assert_eq!(elsewhere.call(&Plan::setnx(), key(1_u64), runs.body()).await.unwrap(), 3);
}

async fn people_find_a_key_in_either(database: Database) {
    let idem = both(&database).await;
    for (number, plan) in [(1, Plan::setnx()), (2, Plan::db())] {
        // Held: an error whose outcome is unknown.
        let plan = plan.on_err(idem::OnErr::Hold);
        let held = async { Err::<usize, _>(Error::in_flight("unknown", crate::database::SOON)) };
        idem.call(&plan, key(number), held).await.unwrap_err();
        let entry = idem.get(&key(number)).await.unwrap().unwrap();
        assert_eq!(entry.state, Some(State::Running));
        assert_eq!(idem.release(&key(number), entry.fence + 1).await.unwrap(), Settled::Lost);
        assert_eq!(idem.release(&key(number), entry.fence).await.unwrap(), Settled::Done);
        assert_eq!(ask(&idem, &plan, number).await.0.unwrap(), 77);
        let entry = idem.get(&key(number)).await.unwrap().unwrap();
        assert_eq!((entry.state, entry.attempts), (Some(State::Completed), 2));
        assert_eq!(idem.purge(&key(number), entry.fence).await.unwrap(), Settled::Done);
        assert!(idem.get(&key(number)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn without_a_database_it_says_what_to_write() {
    let idem = Idem::in_memory();
    for refused in [
        ask(&idem, &Plan::db(), 1).await.0.unwrap_err(),
        idem.migrate().await.unwrap_err(),
        idem.sweep().await.unwrap_err(),
    ] {
        let Error::Config { reason, .. } = refused else { panic!("{refused:?}") };
        assert!(
            reason.contains(".postgres(pool)") && reason.contains(".database(url)"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_database_alone_says_what_setnx_needs() {
    let idem = Database::postgres().engine().await;
    let refused = ask(&idem, &Plan::setnx(), 1).await.0.unwrap_err();
    assert!(refused.to_string().contains("`setnx` needs a store"), "{refused}");
}

/// What is durable never runs unguarded.
#[tokio::test]
async fn on_outage_is_not_for_db() {
    let idem = Database::postgres().engine().await;
    let runs = Runs::default();
    let plan = Plan::db().on_outage(OnOutage::Run);
    let refused = idem.call(&plan, key(1_u64), runs.body()).await.unwrap_err();
    assert!(refused.to_string().contains("`on_outage`"), "{refused}");
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn two_databases_are_refused() {
    let database = Database::postgres();
    let refused = database.builder().database(&database.url).build().await.unwrap_err();
    assert!(refused.to_string().contains("one of `.postgres(pool)`"), "{refused}");
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_its_password() {
    for url in ["oracle://u:secret@h/d", "postgres://u:secret@h:port/d", "secret"] {
        let refused = Idem::builder().database(url).build().await.unwrap_err();
        assert!(matches!(refused, Error::Config { .. }), "{refused:?}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}
