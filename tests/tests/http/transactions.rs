//! Handlers whose effect is in their own transaction.

use std::sync::Arc;

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Json, Router};
use idem::{Error, Idem, IdempotencyKey, idempotent};
use kit::http::Request;
use kit::place::sqlite_url;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{SqlitePool, SqliteTransaction};
use tokio::sync::Semaphore;

use crate::clients::{SOON, tell};
use crate::support::{App, User, listen};

#[derive(Clone)]
struct Bank {
    app: App,
    pool: SqlitePool,
}

#[idempotent(key = "enter:{user}:{key}", strategy = "db", tx = tx, fingerprint = "off")]
async fn enter(
    tx: &mut SqliteTransaction<'_>,
    app: &App,
    user: &User,
    key: &IdempotencyKey,
) -> Result<usize, Error> {
    let number = app.effect();
    app.pause().await;
    sqlx::query("insert into entries values (7)")
        .execute(&mut **tx)
        .await
        .map_err(Error::outage)?;
    Ok(number)
}

async fn handler(
    State(bank): State<Bank>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    let mut tx = bank.pool.begin_with("begin immediate").await.map_err(Error::outage)?;
    let number = enter(&mut tx, &bank.app, &user, &key).await?;
    tx.commit().await.map_err(Error::outage)?;
    Ok(Json(number))
}

/// H40: the body goes on, and so does its handler, to the commit.
#[tokio::test]
async fn a_client_that_leaves_stops_no_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let options: SqliteConnectOptions = sqlite_url(folder.path()).parse().unwrap();
    let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(SOON);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("create table entries (value integer)").execute(&pool).await.unwrap();
    let idem = Idem::builder().sqlite(pool.clone()).timeout(SOON).build().await.unwrap();
    idem.migrate().await.unwrap();
    let (app, left) = (App::with(idem), Arc::new(Semaphore::new(0)));
    let routes = Router::new()
        .route("/enter", post(handler))
        .layer(app.idem.layer())
        .layer(from_fn_with_state(Arc::clone(&left), tell))
        .with_state(Bank { app: app.clone(), pool: pool.clone() });
    let server = listen(routes).await;
    let request = || Request::post("/enter").header("X-User", "ada").key("k-1");

    let client = request().start(server).await;
    app.paused().await;
    drop(client);
    left.acquire().await.expect("never closed").forget();
    app.let_go();
    let entries = async || {
        let entries = sqlx::query_scalar::<_, i64>("select count(*) from entries");
        entries.fetch_one(&pool).await.unwrap()
    };
    kit::wait_for("the commit", SOON, async || entries().await == 1).await;
    let again = request().send(server).await;
    assert_eq!((again.status, again.text()), (200, "1"));
    assert_eq!((app.effects(), entries().await), (1, 1));
}
