//! More calls at once than a store answers in a third of its time-out, a second: how many are answered,
//! and how many refused.
//!
//! ```text
//! cargo bench -p tests --bench overload [-- --quick] [-- postgres]
//! ```
//!
//! Each caller makes fresh calls, one after another. What the store can't answer within its time-out
//! is refused, as it has to be; what it can is not to be lost for that.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;
#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod harness;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use harness::Options;
use idem::{Error, Idem, Plan};
use kit::database::{Kind, Server};
use kit::redis::Flavour;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;

const CALLERS: [u64; 4] = [256, 2048, 8192, 16384];
/// How many connections an engine has to its database.
const CONNECTIONS: u32 = 16;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let options = Options::read();
    println!("| store | callers | answered/s | refused |\n|---|--:|--:|--:|");
    for flavour in Flavour::ALL {
        let server = kit::redis::Server::shared(flavour);
        let idem = Idem::builder().redis(server.url()).build().await;
        lines(&options, &format!("{flavour:?}"), idem).await;
    }
    let server = Server::start_with(Kind::Postgres, &[("fsync", "on")]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy(&server.url());
    let idem = Idem::builder().postgres(pool.expect("a URL")).build().await;
    lines(&options, "Postgres", idem).await;
    let synced = [("innodb-flush-log-at-trx-commit", "1")];
    let server = Server::start_with(Kind::MariaDb, &synced);
    let pool = MySqlPoolOptions::new().max_connections(CONNECTIONS).connect_lazy(&server.url());
    let idem = Idem::builder().mysql(pool.expect("a URL")).build().await;
    lines(&options, "MariaDB", idem).await;
}

async fn lines(options: &Options, store: &str, idem: Result<Idem, Error>) {
    const KV: Plan = Plan::setnx();
    const DURABLE: Plan = Plan::db();
    let idem = idem.expect("the server answers");
    let plan = match idem.migrate().await {
        Ok(()) => &DURABLE,
        Err(_) => &KV,
    };
    for callers in CALLERS {
        let start = format!("| {store} | {callers} |");
        if options.asks_for(&start.to_lowercase()) {
            line(options, &start, &idem, plan, callers).await;
        }
    }
}

async fn line(options: &Options, start: &str, idem: &Idem, plan: &'static Plan, callers: u64) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let began = Instant::now();
    let end = began + options.length;
    let mut calling = JoinSet::new();
    for _ in 0..callers {
        let idem = idem.clone();
        calling.spawn(async move {
            let (mut answered, mut refused) = (0_u64, 0_u64);
            while Instant::now() < end {
                let order = NEXT.fetch_add(1, Ordering::Relaxed);
                let body = async { Ok::<_, Error>(order) };
                match idem.call(plan, idem::key!("order:{order}"), body).await {
                    Ok(_) => answered += 1,
                    Err(Error::Outage { .. }) => refused += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            (answered, refused)
        });
    }
    let each = calling.join_all().await;
    let (answered, refused) = each.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let rate = u128::from(answered) * 1000 / began.elapsed().as_millis().max(1);
    let share = refused * 100 / (answered + refused).max(1);
    println!("{start} {rate} | {share} % |");
}
