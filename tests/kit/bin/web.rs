//! Serves guarded handlers in a process of its own, to be killed or stopped there.
//!
//!     kit-web REDIS_URL SQLITE_URL LEDGER
//!
//! It prints `the clock says SECONDS` (since 1970) and `listening on ADDRESS`. `POST /STRATEGY` (`setnx`, `count`, `db`, `tx`) takes a key in its
//! header and `{"effect": "first" | "last", "millis": N}`: the handler has its effect, a note in the
//! ledger, before or after a pause of so many milliseconds, and prints `pausing KEY` in between. In `tx`
//! the effect is a row, which `GET /rows/KEY` counts. Leases are of a second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use idem::{Error, Idem, IdempotencyKey, idempotent};
use kit::ledger::Ledger;
use sqlx::{Pool, Sqlite, Transaction};

#[derive(Clone)]
struct App {
    /// Everybody is the same here.
    user: &'static str,
    idem: Idem,
    pool: Pool<Sqlite>,
    ledger: &'static Ledger,
}

#[derive(serde::Deserialize)]
struct Task {
    effect: When,
    millis: u64,
}

#[derive(serde::Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum When {
    First,
    Last,
}

type Answer = Result<(StatusCode, Json<String>), Error>;

impl Task {
    async fn pause(&self, key: &IdempotencyKey) {
        println!("pausing {key}");
        tokio::time::sleep(Duration::from_millis(self.millis)).await;
    }
}

fn note() -> String {
    format!("{}-{}", std::process::id(), rand::random::<u32>())
}

/// The same handler by each strategy that has no transaction.
macro_rules! handler {
    ($name:ident, $strategy:literal, $key:literal) => {
        #[idempotent(key = $key, strategy = $strategy, lease = "1s", fingerprint = "off", engine = app.idem)]
        async fn $name(State(app): State<App>, key: IdempotencyKey, Json(task): Json<Task>) -> Answer {
            app.work(&key, &task).await
        }
    };
}

handler!(setnx, "setnx", "setnx:{app.user}:{key}");
handler!(count, "count", "count:{app.user}:{key}");
handler!(db, "db", "db:{app.user}:{key}");

impl App {
    async fn work(&self, key: &IdempotencyKey, task: &Task) -> Answer {
        let note = note();
        for when in [When::First, When::Last] {
            if task.effect == when {
                self.ledger.append(key.as_str(), &note);
            }
            if when == When::First {
                task.pause(key).await;
            }
        }
        Ok((StatusCode::CREATED, Json(note)))
    }

    #[idempotent(key = "tx:{user}:{key}", strategy = "db", tx = tx, fingerprint = "off", engine = self.idem)]
    async fn in_transaction(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        user: &str,
        key: &IdempotencyKey,
        task: &Task,
    ) -> Answer {
        let (insert, note) = ("insert into effects (key) values (?)", note());
        for when in [When::First, When::Last] {
            if task.effect == when {
                self.ledger.append(key.as_str(), &note);
                sqlx::query(insert).bind(key.as_str()).execute(&mut **tx).await.expect("a row");
            }
            if when == When::First {
                task.pause(key).await;
            }
        }
        Ok((StatusCode::CREATED, Json(note)))
    }
}

async fn tx(State(app): State<App>, key: IdempotencyKey, Json(task): Json<Task>) -> Answer {
    let mut tx = app.pool.begin_with("begin immediate").await.map_err(Error::outage)?;
    let answer = app.in_transaction(&mut tx, app.user, &key, &task).await?;
    tx.commit().await.map_err(Error::outage)?;
    Ok(answer)
}

async fn rows(State(app): State<App>, Path(key): Path<String>) -> String {
    let count = "select count(*) from effects where key = ?";
    let rows: i64 =
        sqlx::query_scalar(count).bind(key).fetch_one(&app.pool).await.expect("a table");
    rows.to_string()
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let [redis, sqlite, ledger] = [(); 3].map(|()| arguments.next().expect("an argument"));
    let pool = Pool::<Sqlite>::connect(&sqlite).await.expect("a file");
    let table = "create table if not exists effects (key text not null)";
    sqlx::query(table).execute(&pool).await.expect("a table");
    let idem = Idem::builder().redis(redis).sqlite(pool.clone()).build().await.expect("it answers");
    idem.migrate().await.expect("a table");
    let ledger = Box::leak(Box::new(Ledger::at(ledger)));
    let app = App { user: "ada", idem: idem.clone(), pool, ledger };
    let routes = Router::new()
        .route("/setnx", post(setnx))
        .route("/count", post(count))
        .route("/db", post(db))
        .route("/tx", post(tx))
        .route("/rows/{key}", get(rows));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    println!("the clock says {}", now.as_secs());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("listening on {}", listener.local_addr().expect("an address"));
    axum::serve(listener, routes.layer(idem.layer()).with_state(app)).await.expect("it serves");
}
