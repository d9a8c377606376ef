//! Modes of MariaDB's in which statements mean something else. Each is a session's, and may be what the
//! server gives to all of them.

use std::sync::atomic::{AtomicI64, Ordering};

use idem::{Error, Idem, Key, Outcome, Plan, StateMachine, Transition, with_outcome};
use sqlx::{MySqlPool, MySqlTransaction};
use tokio::sync::OnceCell;

use crate::database::{Database, Runs, ask, key};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A pool of sessions that have this mode beside those of the server and of sqlx.
fn sessions(database: &Database, mode: &str) -> MySqlPool {
    let set: &'static str = format!("set sql_mode = concat(@@sql_mode, ',{mode}')").leak();
    database.sessions_after(set)
}

/// Claims that are fresh, completed, in flight, free, expired, alone and together.
async fn calls_are_what_they_are_elsewhere(mode: &str) {
    const MANY: u64 = 40;
    const PLAN: Plan = Plan::db();
    let database = Database::mariadb();
    let idem = database.engine_on(sessions(&database, mode)).await;
    let elsewhere = database.engine_on(sessions(&database, mode)).await;

    for _ in 0..2 {
        assert_eq!(ask(&idem, &PLAN, 1).await.0.unwrap(), 77, "{mode}");
        assert_eq!(ask(&elsewhere, &PLAN, 1).await.0.unwrap(), 77, "{mode}");
    }
    let held = async {
        let refused = elsewhere.call(&PLAN, key(2_u64), Runs::default().body()).await;
        assert_eq!(refused.unwrap_err().code(), "in_flight", "{mode}");
        Err::<usize, Failure>("it fails".into())
    };
    idem.call(&PLAN, key(2_u64), held).await.unwrap_err();
    assert_eq!(ask(&elsewhere, &PLAN, 2).await.0.unwrap(), 77, "{mode}");

    for pass in 0..2 {
        let calls = (0..MANY).map(|number| {
            let idem = idem.clone();
            tokio::spawn(async move { ask(&idem, &PLAN, 10 + number).await })
        });
        for call in calls.collect::<Vec<_>>() {
            let (value, outcome) = call.await.unwrap();
            assert_eq!(value.unwrap(), 77, "{mode}");
            assert_eq!(matches!(outcome, Outcome::Ran { .. }), pass == 0, "{mode}: {outcome:?}");
        }
    }
    database.expire().await;
    let (value, outcome) = ask(&idem, &PLAN, 1).await;
    assert_eq!(value.unwrap(), 77, "{mode}");
    assert!(matches!(outcome, Outcome::Ran { .. }), "{mode}: {outcome:?}");
    let found = idem.get(&key(1_u64)).await.unwrap().unwrap();
    assert_eq!(idem.purge(&key(1_u64), found.fence).await.unwrap(), idem::store::Settled::Done);
    assert!(idem.sweep().await.unwrap() > MANY, "{mode}");
}

#[derive(StateMachine)]
#[state(table = "modes.parcels", id = "id", column = "state")]
enum Parcel {
    #[state(to(Sent))]
    Packed,
    Sent,
}

/// An answer in a transaction of its own, which commits.
async fn commits(idem: &Idem, pool: &MySqlPool, plan: &Plan, key: Key) -> Result<Outcome, Error> {
    let mut tx = pool.begin().await.unwrap();
    let body = async |_: &mut MySqlTransaction<'_>| Ok::<_, Error>(77);
    let (value, outcome) = with_outcome(idem.call_tx(&mut tx, plan, key, body)).await;
    tx.commit().await.unwrap();
    assert_eq!(value?, 77);
    Ok(outcome)
}

const SCHEMA: &str = "
    create database modes;
    create table modes.parcels (id int primary key, state char(20) not null);
";

/// The same in the caller's own transaction, and of a row whose state stands in a `char`.
async fn transactions_are_what_they_are_elsewhere(mode: &str) {
    static MADE: OnceCell<()> = OnceCell::const_new();
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let database = Database::mariadb();
    let pool = sessions(&database, mode);
    let idem = database.engine_on(pool.clone()).await;
    for pass in 0..3 {
        let outcome = commits(&idem, &pool, &Plan::db(), key(1_u64)).await.expect(mode);
        let ran = matches!(outcome, Outcome::Ran { .. });
        assert_eq!(ran, pass != 1, "{mode}: {outcome:?}");
        if pass == 1 {
            database.expire().await;
        }
    }

    MADE.get_or_init(|| database.execute(SCHEMA)).await;
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    database.execute(&format!("insert into modes.parcels values ({id}, 'packed')")).await;
    let send = || Transition::new(Parcel::Packed, Parcel::Sent, id);
    let first = idem::key!("send:{id}").transition(send());
    commits(&idem, &pool, &Plan::state(), first).await.expect(mode);
    let second = idem::key!("again:{id}").transition(send());
    let refused = commits(&idem, &pool, &Plan::state(), second).await.unwrap_err();
    assert!(refused.to_string().ends_with("it is `sent`"), "{mode}: {refused}");
}

/// Makes two tests of each mode.
macro_rules! modes {
    ($($name:ident: $mode:literal)*) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn calls_are_what_they_are_elsewhere() {
                super::calls_are_what_they_are_elsewhere($mode).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn transactions_are_what_they_are_elsewhere() {
                super::transactions_are_what_they_are_elsewhere($mode).await;
            }
        })*
    };
}

modes! {
    no_empty_strings: "EMPTY_STRING_IS_NULL"
    padded_columns: "PAD_CHAR_TO_FULL_LENGTH"
    no_backslashes: "NO_BACKSLASH_ESCAPES"
    // Quotes of names, and `||` as SQL has it.
    of_the_standard: "ANSI"
    assigned_at_once: "SIMULTANEOUS_ASSIGNMENT"
    strict: "TRADITIONAL"
}

/// There `begin` begins a block, so that sqlx begins no transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_what_they_are_elsewhere_in_oracles_words() {
    calls_are_what_they_are_elsewhere("ORACLE").await;
}
