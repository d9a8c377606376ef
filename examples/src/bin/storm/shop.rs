//! What the calls share: the engine, the database, and another system that counts what reaches it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use idem::{Idem, Token};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
use tokio::sync::Notify;

/// Why a call has no receipt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

/// The receipt's number.
pub(crate) type Answer = Result<i64, Failed>;

/// What a caller was told, in a word.
pub(crate) fn told(answer: &Answer) -> String {
    match answer {
        Ok(receipt) => format!("receipt {receipt}"),
        Err(Failed::Idem(error)) => error.code().to_owned(),
        Err(Failed::Sql(error)) => error.to_string(),
    }
}

#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) idem: Idem,
    pub(crate) pool: SqlitePool,
    elsewhere: Arc<Mutex<HashMap<i64, i64>>>,
    took_place: Arc<Notify>,
    issued: Arc<Mutex<HashMap<i64, Token>>>,
}

const TABLES: &str = "
    create table effects (id integer primary key, order_id integer not null);
    create table orders (id integer primary key, status text not null);
    insert into orders (id, status) values (1, 'pending'), (2, 'pending')";

impl Shop {
    /// A new one in this folder.
    pub(crate) async fn open(
        folder: &Path,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        std::fs::create_dir_all(folder)?;
        let options = SqliteConnectOptions::new().filename(folder.join("shop.db"));
        let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePool::connect_with(options).await?;
        let builder = Idem::builder().memory().sqlite(pool.clone()).token_secret([7; 32]);
        let idem = builder.build().await?;
        idem.migrate().await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        Ok(Self {
            idem,
            pool,
            elsewhere: Arc::default(),
            took_place: Arc::default(),
            issued: Arc::default(),
        })
    }

    /// An effect on another system. Returns its number there.
    pub(crate) fn charge(&self, order: i64) -> i64 {
        let mut elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        let charges = elsewhere.entry(order).or_default();
        *charges += 1;
        *charges
    }

    /// Where a process dies: this never returns.
    pub(crate) async fn die(&self) {
        self.took_place.notify_one();
        std::future::pending::<()>().await;
    }

    pub(crate) async fn effect_took_place(&self) {
        self.took_place.notified().await;
    }

    /// How often an order's effect has taken place, here or elsewhere.
    pub(crate) async fn effects(&self, order: i64) -> Result<i64, sqlx::Error> {
        let here = sqlx::query_scalar::<_, i64>("select count(*) from effects where order_id = ?");
        let here = here.bind(order).fetch_one(&self.pool).await?;
        let elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(here + elsewhere.get(&order).copied().unwrap_or(0))
    }

    /// The token that the order's form holds: the same for all who send it.
    pub(crate) fn token(&self, order: i64) -> Result<Token, idem::Error> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = issued.get(&order) {
            return Ok(token.clone());
        }
        let token = self.idem.issue_token(&idem::key!("token:{order}"), Duration::from_mins(15))?;
        issued.insert(order, token.clone());
        Ok(token)
    }
}
