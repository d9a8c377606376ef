//! One of the databases, opened for an engine.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "mysql")]
use super::MySql;
#[cfg(feature = "postgres")]
use super::Postgres;
#[cfg(feature = "sqlite")]
use super::Sqlite;
use crate::error::Error;
use crate::store::{Change, Claim, Claimed, Found, Name, Record, Settled, Store, StoreError};

/// Where an engine is told to find its database.
pub(crate) enum Source {
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    /// A file, which is made if it is not there.
    #[cfg(feature = "sqlite")]
    File(std::path::PathBuf),
    Url(String),
}

/// A database that an engine keeps records in.
#[derive(Clone)]
pub enum Database {
    #[cfg(feature = "postgres")]
    Postgres(Arc<Postgres>),
    #[cfg(feature = "mysql")]
    MySql(Arc<MySql>),
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<Sqlite>),
}

/// Evaluates one expression on the store of whichever database it is.
macro_rules! each {
    ($database:expr, $store:ident => $do:expr) => {
        match $database {
            #[cfg(feature = "postgres")]
            Database::Postgres($store) => $do,
            #[cfg(feature = "mysql")]
            Database::MySql($store) => $do,
            #[cfg(feature = "sqlite")]
            Database::Sqlite($store) => $do,
        }
    };
}

impl Source {
    /// Opens the database and looks at what it is.
    pub(crate) async fn open(self, table: &str, timeout: Duration) -> Result<Database, Error> {
        let database = match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                Database::Postgres(Arc::new(Postgres::new(pool, table, timeout)?))
            }
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => Database::MySql(Arc::new(MySql::new(pool, table, timeout)?)),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => Database::Sqlite(Arc::new(Sqlite::new(pool, table, timeout)?)),
            #[cfg(feature = "sqlite")]
            Self::File(path) => {
                let pool = Sqlite::own_pool(Sqlite::file(&path), timeout);
                Database::Sqlite(Arc::new(Sqlite::new(pool, table, timeout)?))
            }
            Self::Url(url) => Self::of_url(&url, table, timeout)?,
        };
        each!(&database, store => store.check().await)?;
        Ok(database)
    }

    /// A pool of our own. A connection that has died in it is found by its first statement, which
    /// is then sent again: nothing has to be asked of it before.
    fn of_url(url: &str, table: &str, timeout: Duration) -> Result<Database, Error> {
        match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                let pool = sqlx::postgres::PgPoolOptions::new().test_before_acquire(false);
                let pool = pool.connect_lazy(url).map_err(|error| invalid(&error))?;
                Ok(Database::Postgres(Arc::new(Postgres::new(pool, table, timeout)?)))
            }
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => {
                let pool = sqlx::mysql::MySqlPoolOptions::new().test_before_acquire(false);
                let pool = pool.connect_lazy(url).map_err(|error| invalid(&error))?;
                Ok(Database::MySql(Arc::new(MySql::new(pool, table, timeout)?)))
            }
            #[cfg(feature = "sqlite")]
            "sqlite" => {
                let options = url.parse().map_err(|error| invalid(&error))?;
                let pool = Sqlite::own_pool(options, timeout);
                Ok(Database::Sqlite(Arc::new(Sqlite::new(pool, table, timeout)?)))
            }
            scheme => Err(not_opened(scheme)),
        }
    }
}

/// A URL that begins with this scheme was not opened: its feature is off, or it is none of a database.
fn not_opened(scheme: &str) -> Error {
    let feature = match scheme {
        "postgres" | "postgresql" => "postgres",
        "mysql" | "mariadb" => "mysql",
        "sqlite" => "sqlite",
        _ => {
            return Error::config(
                "the database URL begins with `postgres:`, `mysql:`, `mariadb:` or `sqlite:`",
            );
        }
    };
    Error::config(format!(
        "the database URL begins with `{scheme}:`, which takes the feature `{feature}` of `idem-runtime`"
    ))
}

fn invalid(error: &sqlx::Error) -> Error {
    Error::config(format!("the database URL: {error}"))
}

impl Database {
    /// Looks whether results of so many bytes can be stored.
    #[cfg_attr(
        not(feature = "mysql"),
        allow(clippy::unused_async, clippy::unnecessary_wraps, reason = "MySQL is asked")
    )]
    pub(crate) async fn check_room(&self, max_result: usize) -> Result<(), Error> {
        match self {
            #[cfg(feature = "mysql")]
            Self::MySql(store) => store.check_room(max_result).await,
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            _ => {
                let _ = max_result;
                Ok(())
            }
        }
    }

    pub(crate) async fn migrate(&self) -> Result<(), Error> {
        each!(self, store => store.migrate().await)
    }

    pub(crate) fn migrations(&self) -> String {
        each!(self, store => store.migrations())
    }

    pub(crate) async fn sweep(&self) -> Result<u64, Error> {
        each!(self, store => store.sweep().await)
    }
}

impl Store for Database {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        each!(self, store => store.claim(claim).await)
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        each!(self, store => store.settle(name, running, change).await)
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        each!(self, store => store.get(name).await)
    }
}

#[cfg(test)]
mod tests {
    use super::not_opened;

    #[test]
    fn a_url_of_a_database_whose_feature_is_off_is_told_which() {
        for (scheme, feature) in [
            ("postgres", "postgres"),
            ("postgresql", "postgres"),
            ("mysql", "mysql"),
            ("mariadb", "mysql"),
            ("sqlite", "sqlite"),
        ] {
            let told = not_opened(scheme).to_string();
            assert!(told.contains(&format!("the feature `{feature}`")), "{told}");
            assert!(told.contains(&format!("`{scheme}:`")), "{told}");
        }
        // What is none may hold a password: it is not repeated.
        assert!(!not_opened("secret").to_string().contains("secret"));
    }
}
