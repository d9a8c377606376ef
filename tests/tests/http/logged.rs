//! What operators are told of an error that a client is not.

use std::time::Duration;

use axum::response::IntoResponse as _;
use idem::{Error, Idem, Plan};
use kit::database::{Kind, Server};
use kit::place::sqlite_url;
use sqlx::{MySqlPool, PgPool, SqlitePool};

use crate::seen::{Seen, watch};

const SECRET: &str = "4111-1111";
const SOON: Duration = Duration::from_secs(30);

/// Two keys that somebody's index takes for one: the database refuses the second, and may quote it.
async fn refused(seen: &Seen, build: impl Fn(Duration) -> idem::Builder) -> (String, String) {
    let call = async |idem: &Idem, number: u32| {
        let body = async { Ok::<_, Error>(number) };
        idem.call(&Plan::db(), idem::key!("pay:{SECRET}:{number}"), body).await
    };
    call(&build(SOON).build().await.unwrap(), 1).await.unwrap();
    let error =
        call(&build(Duration::from_millis(300)).build().await.unwrap(), 2).await.unwrap_err();
    assert!(matches!(error, Error::Outage { .. }), "{error:?}");
    let told = error.to_string();
    assert_eq!(error.into_response().status(), 503);
    let log = seen.log();
    assert!(log.contains("the store of a guarded handler can't be used"), "{log}");
    assert!(!log.contains(SECRET), "{log}");
    (told, log)
}

#[test]
fn a_key_that_mariadb_quotes_is_not_logged() {
    watch(async |seen| {
        tokio::time::resume();
        let pool = MySqlPool::connect(&Server::shared(Kind::MariaDb).url()).await.unwrap();
        let build = |timeout| {
            let builder = Idem::builder().mysql(pool.clone()).table("logged");
            builder.timeout(timeout).sweep_every(Duration::ZERO)
        };
        build(SOON).build().await.unwrap().migrate().await.unwrap();
        let trigger = "create table logged_names (name varchar(512) primary key);
                       create trigger one before insert on logged for each row
                           insert into logged_names values (left(new.name, 18))";
        sqlx::raw_sql(trigger).execute(&pool).await.unwrap();
        let (told, log) = refused(&seen, build).await;
        assert!(told.contains(SECRET), "it is quoted: {told}");
        assert!(log.contains("Duplicate entry '…'"), "{log}");
    });
}

#[test]
fn a_key_is_not_logged_with_what_postgres_refuses() {
    watch(async |seen| {
        tokio::time::resume();
        let pool = PgPool::connect(&Server::shared(Kind::Postgres).url()).await.unwrap();
        let build = |timeout| {
            let builder = Idem::builder().postgres(pool.clone()).table("logged");
            builder.timeout(timeout).sweep_every(Duration::ZERO)
        };
        build(SOON).build().await.unwrap().migrate().await.unwrap();
        let unique = "create unique index on logged (left(name, 18))";
        sqlx::query(unique).execute(&pool).await.unwrap();
        refused(&seen, build).await;
    });
}

#[test]
fn a_key_is_not_logged_with_what_sqlite_refuses() {
    watch(async |seen| {
        tokio::time::resume();
        let folder = tempfile::tempdir().unwrap();
        let pool = SqlitePool::connect(&sqlite_url(folder.path())).await.unwrap();
        let build = |timeout| {
            let builder = Idem::builder().sqlite(pool.clone()).table("logged");
            builder.timeout(timeout).sweep_every(Duration::ZERO)
        };
        build(SOON).build().await.unwrap().migrate().await.unwrap();
        let unique = "create unique index one on logged (substr(name, 1, 18))";
        sqlx::query(unique).execute(&pool).await.unwrap();
        refused(&seen, build).await;
    });
}
