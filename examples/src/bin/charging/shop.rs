//! The shop: its orders, and how one is charged.

use std::error::Error;
use std::path::Path;

use idem::{Idem, StateMachine as _, idempotent};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::Step;
use crate::order::{self, OrderStatus};
use crate::provider::{Answer, Provider};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) struct Shop {
    idem: Idem,
    pool: SqlitePool,
    provider: Provider,
    die_after: Option<Step>,
}

/// What the provider said of an order. The claim lapses soon after a crash, so that the next start
/// needs not wait for long.
#[idempotent(strategy = "db", key = "capture:{order}", lease = "1s", wait = "10s", on_err = "hold")]
async fn capture(shop: &Shop, order: i64) -> Outcome<Answer> {
    let cents = sqlx::query_scalar("select cents from orders where id = ?");
    let cents = cents.bind(order).fetch_one(&shop.pool).await?;
    // The same for every attempt on this order, in whatever process.
    let key = idem::attempt().downstream_key("capture");
    let answer = shop.provider.capture(&key, order, cents)?;
    println!("  the provider was asked under {key}");
    shop.reached(Step::Captured);
    Ok(answer)
}

impl Shop {
    /// Opens the shop's file, with two orders in it the first time.
    pub(crate) async fn open(folder: &Path, die_after: Option<Step>) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        let file = SqliteConnectOptions::new().filename(folder.join("shop.sqlite"));
        let file = file.create_if_missing(true).journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().connect_with(file).await?;
        let schema = "
            create table if not exists orders (
                id integer primary key, cents integer not null, status text not null, reference text
            );
            insert or ignore into orders (id, cents, status) values
                (7, 4200, 'pending'), (8, 420000, 'pending');
        ";
        sqlx::raw_sql(schema).execute(&pool).await?;
        let idem = Idem::builder().sqlite(pool.clone()).build().await?;
        idem.migrate().await?;
        Ok(Self { idem, pool, provider: Provider::new(folder), die_after })
    }

    /// Begins, and finishes.
    pub(crate) async fn charge(&self, order: i64) -> Outcome<()> {
        let mut tx = self.begin().await?;
        self.idem.scope(order::begin(&mut tx, order)).await?;
        tx.commit().await?;
        println!("  it is charging now, and that is committed");
        self.reached(Step::Begun);
        self.finish(order).await
    }

    /// Asks the provider, again if need be, and settles the order by what it says.
    pub(crate) async fn finish(&self, order: i64) -> Outcome<()> {
        let answer = self.idem.scope(capture(self, order)).await?;
        self.reached(Step::Answered);
        let mut tx = self.begin().await?;
        match &answer {
            Answer::Captured { reference } => {
                self.idem.scope(order::pay(&mut tx, order, reference)).await?;
            }
            Answer::Declined => self.idem.scope(order::fail(&mut tx, order)).await?,
        }
        tx.commit().await?;
        println!("  it is settled: {answer:?}");
        Ok(())
    }

    /// SQLite has one writer: a transaction that will write says so when it begins.
    async fn begin(&self) -> Outcome<Transaction<'static, Sqlite>> {
        Ok(self.pool.begin_with("begin immediate").await?)
    }

    pub(crate) async fn left_in(&self, status: OrderStatus) -> Outcome<Vec<i64>> {
        let orders = sqlx::query_scalar("select id from orders where status = ? order by id");
        Ok(orders.bind(status.name()).fetch_all(&self.pool).await?)
    }

    pub(crate) async fn orders(&self) -> Outcome<Vec<(i64, String)>> {
        let orders = sqlx::query_as("select id, status from orders order by id");
        Ok(orders.fetch_all(&self.pool).await?)
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Dies here if it was told to.
    fn reached(&self, step: Step) {
        if self.die_after == Some(step) {
            println!("  … and here the process dies");
            std::process::abort();
        }
    }
}
