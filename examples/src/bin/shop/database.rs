//! The shop's own database: its orders and its effects, and the two guarded functions that work in the
//! caller's transaction. The same in each kind of database.

use std::path::Path;
use std::time::Duration;

use idem::Builder;
use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnection, MySqlPool};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};

use super::Fault;
use super::effect::{Approach, Effect, Side};
use super::order::{Callback, Failed, Payment, Receipt};
use super::shop::Shop;
use super::trouble::Trouble;

#[derive(Clone)]
pub(crate) enum Database {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// What is asked of it.
#[derive(Clone, Copy)]
pub(crate) enum Call<'a> {
    /// Enter the effect.
    Pay(&'a Payment),
    /// Move the order from pending to paid, and enter the effect.
    MarkPaid(&'a Callback),
}

const TABLES: [&str; 2] = [
    "create table if not exists shop_orders (
        number varchar(64) not null primary key, status varchar(16) not null)",
    "create table if not exists shop_effects (
        receipt varchar(16) not null primary key, at_ms bigint not null,
        approach varchar(16) not null, side varchar(16) not null,
        order_number varchar(64) not null, cents bigint not null)",
];

/// How often a transaction that lost to another is made before its caller is told.
const TRIES: u32 = 50;

/// The statements that differ in how they name their values.
struct Statements {
    open: &'static str,
    mark: &'static str,
    enter: &'static str,
}

const DOLLARS: Statements = Statements {
    open: "insert into shop_orders (number, status) values ($1, 'pending')",
    mark: "update shop_orders set status = 'paid' where number = $1",
    enter: "insert into shop_effects (receipt, at_ms, approach, side, order_number, cents)
            values ($1, $2, $3, $4, $5, $6)",
};

const QUESTION_MARKS: Statements = Statements {
    open: "insert into shop_orders (number, status) values (?, 'pending')",
    mark: "update shop_orders set status = 'paid' where number = ?",
    enter: "insert into shop_effects (receipt, at_ms, approach, side, order_number, cents)
            values (?, ?, ?, ?, ?, ?)",
};

mod in_postgres {
    type Database = sqlx::Postgres;
    const BEGIN: &str = "begin";
    const SQL: super::Statements = super::DOLLARS;
    include!("transaction.rs");
}

mod in_mysql {
    type Database = sqlx::MySql;
    const BEGIN: &str = "begin";
    const SQL: super::Statements = super::QUESTION_MARKS;
    include!("transaction.rs");
}

mod in_sqlite {
    type Database = sqlx::Sqlite;
    // A transaction that has read before it writes loses to whoever wrote in between.
    const BEGIN: &str = "begin immediate";
    const SQL: super::Statements = super::DOLLARS;
    include!("transaction.rs");
}

type Row = (String, i64, String, String, String, i64);

fn of_row((receipt, at, approach, side, order, cents): Row) -> Option<Effect> {
    let (approach, side) = (Approach::named(&approach)?, Side::named(&side)?);
    Some(Effect { at, approach, side, receipt, order, cents: u32::try_from(cents).ok()? })
}

/// Does the same in whichever it is.
macro_rules! each {
    ($database:expr, $do:ident($($argument:expr),*)) => {
        match $database {
            Database::Postgres(pool) => in_postgres::$do(pool, $($argument),*).await,
            Database::MySql(pool) => in_mysql::$do(pool, $($argument),*).await,
            Database::Sqlite(pool) => in_sqlite::$do(pool, $($argument),*).await,
        }
    };
}

impl Database {
    /// The database of a URL.
    pub(crate) async fn connect(url: &str) -> Result<Self, Fault> {
        Ok(match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            "postgres" | "postgresql" => {
                // A pool would try for half a minute, and then not say why.
                PgConnection::connect(url).await?.close().await?;
                Self::Postgres(PgPool::connect(url).await?)
            }
            "mysql" | "mariadb" => {
                MySqlConnection::connect(url).await?.close().await?;
                Self::MySql(MySqlPool::connect(url).await?)
            }
            "sqlite" => Self::in_file(url.parse()?).await?,
            _ => return Err("IDEM_DATABASE_URL is postgres://…, mysql://… or sqlite://…".into()),
        })
    }

    /// SQLite in a folder.
    pub(crate) async fn in_folder(folder: &Path) -> Result<Self, Fault> {
        let file = SqliteConnectOptions::new().filename(folder.join("shop.sqlite"));
        Ok(Self::in_file(file).await?)
    }

    async fn in_file(file: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let file = file.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        // A hundred writers wait for each other.
        let file = file.busy_timeout(Duration::from_secs(30));
        Ok(Self::Sqlite(SqlitePool::connect_with(file).await?))
    }

    /// An engine that keeps the records of `db` beside the shop's own tables.
    pub(crate) fn keep(&self, builder: Builder) -> Builder {
        match self.clone() {
            Self::Postgres(pool) => builder.postgres(pool),
            Self::MySql(pool) => builder.mysql(pool),
            Self::Sqlite(pool) => builder.sqlite(pool),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "Postgres",
            Self::MySql(_) => "MySQL or MariaDB",
            Self::Sqlite(_) => "SQLite",
        }
    }

    /// Safe from two shops at once: Postgres refuses one of them, which then finds the other's.
    pub(crate) async fn make_tables(&self) -> Result<(), Failed> {
        match each!(self, make_tables()) {
            Err(_) => each!(self, make_tables()),
            made => made,
        }
    }

    /// A new order, pending.
    pub(crate) async fn open(&self, order: &str) -> Result<(), Failed> {
        each!(self, open(order))
    }

    pub(crate) async fn guarded(
        &self,
        shop: &Shop,
        call: Call<'_>,
        trouble: &Trouble,
    ) -> Result<Receipt, Failed> {
        each!(self, guarded(shop, call, trouble))
    }

    pub(crate) async fn unguarded(
        &self,
        shop: &Shop,
        call: Call<'_>,
        trouble: &Trouble,
    ) -> Result<Receipt, Failed> {
        each!(self, unguarded(shop, call, trouble))
    }

    pub(crate) async fn effects(&self) -> Result<Vec<Effect>, Failed> {
        each!(self, effects())
    }
}
