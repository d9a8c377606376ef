//! The guarded function in its transaction, and what its errors mean for a message.

use std::num::ParseIntError;
use std::time::Duration;

use idem::{Delivery, Idem, Outcome, idempotent, with_outcome};
use sqlx::{Connection as _, PgConnection, PgPool, PgTransaction};

/// Why a message was not handled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("it is no order: {0}")]
    Malformed(#[from] ParseIntError),
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Idem(#[from] idem::Error),
}

impl Problem {
    /// What becomes of the message: of our own errors we say it, of its own `idem` does.
    pub(crate) fn delivery(&self) -> Delivery {
        match self {
            Self::Malformed(_) => Delivery::DeadLetter,
            // No value that Postgres takes (SQLSTATE class 22), today or tomorrow.
            Self::Database(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| code.starts_with("22")) =>
            {
                Delivery::DeadLetter
            }
            Self::Database(_) => Delivery::Requeue { after: Duration::from_secs(1) },
            Self::Idem(error) => error.delivery(),
        }
    }
}

/// Books an order once: its line and the claim commit together, or neither does.
#[idempotent(key = "book:{id}", strategy = "db", tx = tx, ttl = "30d", engine = idem, fingerprint(cents))]
async fn book(
    idem: &Idem,
    tx: &mut PgTransaction<'_>,
    id: &str,
    cents: i64,
) -> Result<(), Problem> {
    let line = sqlx::query("insert into bookings (message, cents) values ($1, $2)");
    line.bind(id).bind(cents).execute(&mut **tx).await?;
    Ok(())
}

pub(crate) struct Books {
    idem: Idem,
    pool: PgPool,
}

impl Books {
    /// Those of a database, where the tables are made unless they are there.
    pub(crate) async fn open(url: &str) -> Result<Self, Problem> {
        // A pool would try for half a minute, and then not say why.
        PgConnection::connect(url).await?.close().await?;
        let pool = PgPool::connect(url).await?;
        let idem = Idem::builder().postgres(pool.clone()).prefix("shop").build().await?;
        idem.migrate().await?;
        // One consumer after another: of two that make a table at once, Postgres refuses one. No
        // unique key: what keeps a message from being booked twice is the claim.
        let table = "select pg_advisory_xact_lock(hashtext('bookings'));
                     create table if not exists bookings (message text, cents bigint)";
        sqlx::raw_sql(table).execute(&pool).await?;
        Ok(Self { idem, pool })
    }

    /// Books an order; once this has returned, it is committed.
    pub(crate) async fn book(&self, id: &str, cents: i64) -> Result<Outcome, Problem> {
        let mut tx = self.pool.begin().await?;
        let (booked, outcome) = with_outcome(book(&self.idem, &mut tx, id, cents)).await;
        booked?;
        tx.commit().await?;
        Ok(outcome)
    }
}
