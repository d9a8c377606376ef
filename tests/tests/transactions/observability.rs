//! What people see of calls in a transaction: never a raw key, never a payload.

use idem::{Error, Plan};
use sqlx::{AssertSqlSafe, MySql};

use crate::bank::{self, Bank, Driver, PLAN, Then};
use crate::seen::{Seen, watch};

const SECRET: &str = "4111-1111";

/// Whatever goes wrong, and with a database that quotes the key.
async fn no_raw_key_is_seen<DB: Driver>(
    seen: Seen,
    bank: Bank<DB>,
    refuse: impl AsyncFnOnce(&Bank<DB>),
) {
    let idem = bank.engine().await;
    let call = async |plan: Plan, number: u32, then: Then| {
        let mut tx = bank.begin().await;
        let key = idem::key!("pay:{SECRET}:{number}").fingerprint(&matches!(then, Then::Succeed));
        let (answer, _) = DB::call(&idem, &mut tx, &plan, key, bank.then(10, then)).await;
        // Of one that has failed there is nothing to commit.
        let _ = tx.commit().await;
        answer
    };
    call(PLAN, 1, Then::Succeed).await.unwrap();
    call(PLAN, 1, Then::Succeed).await.unwrap();
    call(PLAN.reject_duplicates(), 1, Then::Succeed).await.unwrap_err();
    let other = call(PLAN, 1, Then::Fail).await.unwrap_err();
    assert!(matches!(other, Error::Mismatch { .. }), "{other:?}");
    for then in [Then::Fail, Then::Refused, Then::DoNotStore] {
        let _ = call(PLAN, 2, then).await;
    }
    // The library's own statement is refused for the key that stands in it.
    refuse(&bank).await;
    let _ = call(PLAN, 3, Then::Succeed).await;
    let refused = call(PLAN, 4, Then::Succeed).await.unwrap_err();
    assert!(matches!(refused, Error::Outage { .. } | Error::Conflict { .. }), "{refused:?}");

    let (log, names) = (seen.log(), seen.names().join(" "));
    for seen in [&log, &names] {
        assert!(!seen.contains(SECRET), "{seen}");
    }
    for told in ["ran", "replayed", "duplicate", "mismatch", refused.code()] {
        assert!(log.contains(&format!("outcome=\"{told}\"")), "{told}: {log}");
    }
}

/// The second of the two names that it is about is refused.
async fn refuse_by_an_index<DB: Driver>(bank: &Bank<DB>) {
    let index = format!(
        "create unique index one_{table} on {table} (substr(name, 1, 18))
            where name like '%:3' or name like '%:4'",
        table = bank.table
    );
    DB::execute(&mut bank.pool.acquire().await.unwrap(), index).await.unwrap();
}

#[test]
fn no_raw_key_is_seen_on_postgres() {
    watch(async |seen| {
        tokio::time::resume();
        no_raw_key_is_seen(seen, bank::postgres().await, refuse_by_an_index).await;
    });
}

#[test]
fn no_raw_key_is_seen_on_sqlite() {
    watch(async |seen| {
        tokio::time::resume();
        no_raw_key_is_seen(seen, bank::sqlite().await, refuse_by_an_index).await;
    });
}

/// It quotes what it refuses.
#[test]
fn no_raw_key_is_seen_on_mariadb() {
    watch(async |seen| {
        tokio::time::resume();
        let refuse = async |bank: &Bank<MySql>| {
            let trigger = format!(
                "create trigger one_{table} before insert on {table} for each row begin
                     if new.name like '%:4' then
                         set @said = concat('no ''', new.name, '''');
                         signal sqlstate '45000' set message_text = @said;
                     end if;
                 end",
                table = bank.table
            );
            sqlx::raw_sql(AssertSqlSafe(trigger)).execute(&bank.pool).await.unwrap();
        };
        no_raw_key_is_seen(seen, bank::mariadb().await, refuse).await;
    });
}
