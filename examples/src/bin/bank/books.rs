//! The bank: accounts, entries, and the one function that moves money.

use idem::Idem;
use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnection, MySqlPool};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};

use super::Fault;
use super::transfer::{ACCOUNTS, START, Transfer};

/// Why a transfer was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BankError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    Idem(#[from] idem::Error),
}

/// What the books say.
pub(crate) struct Books {
    pub(crate) balances: Vec<i64>,
    pub(crate) entries: usize,
}

/// A bank in one of the databases.
#[derive(Clone)]
pub(crate) enum Bank {
    Postgres(Idem, PgPool),
    MySql(Idem, MySqlPool),
    Sqlite(Idem, SqlitePool),
}

const TABLES: [&str; 4] = [
    "drop table if exists bank_entries",
    "drop table if exists bank_accounts",
    "create table bank_accounts (id bigint primary key, cents bigint not null)",
    "create table bank_entries (
        transfer varchar(16) not null, account bigint not null, cents bigint not null,
        foreign key (account) references bank_accounts (id))",
];
/// Of this example alone: it is emptied at each run.
const RECORDS: &str = "bank_idem_records";
const FORGET: &str = "delete from bank_idem_records";

/// The statements that differ in how they name their values, and how a transaction begins.
macro_rules! bank_in {
    ($module:ident, $Database:ident, $begin:literal, $account:literal, $balance:literal, $entry:literal) => {
        mod $module {
            use idem::{Idem, idempotent};
            use sqlx::{Pool, Transaction};

            use super::{ACCOUNTS, BankError, Books, FORGET, START, TABLES, Transfer};

            type Database = sqlx::$Database;

            /// Moves the money: two balances and two entries, which commit together with the claim
            /// and the result, or not at all.
            #[idempotent(
                                        key = "transfer:{transfer.id}",
                                        strategy = "db",
                                        tx = tx,
                                        wait = "5s",
                                        engine = idem,
                                        fingerprint(transfer.from, transfer.to, transfer.cents)
                                    )]
            async fn book(
                idem: &Idem,
                tx: &mut Transaction<'_, Database>,
                transfer: &Transfer,
            ) -> Result<i64, BankError> {
                let mut changes = [(transfer.from, -transfer.cents), (transfer.to, transfer.cents)];
                changes.sort_unstable(); // always in the same order: two transfers don't block each other
                for (account, change) in changes {
                    sqlx::query($balance).bind(change).bind(account).execute(&mut **tx).await?;
                    let entry = sqlx::query($entry).bind(&transfer.id).bind(account).bind(change);
                    entry.execute(&mut **tx).await?;
                }
                Ok(transfer.cents)
            }

            pub(super) async fn make(
                idem: &Idem,
                pool: &Pool<Database>,
                transfer: &Transfer,
            ) -> Result<(), BankError> {
                let mut tx = pool.begin_with($begin).await?;
                book(idem, &mut tx, transfer).await?;
                Ok(tx.commit().await?)
            }

            pub(super) async fn set_up(
                idem: &Idem,
                pool: &Pool<Database>,
            ) -> Result<(), BankError> {
                idem.migrate().await?;
                sqlx::query(FORGET).execute(pool).await?;
                for table in TABLES {
                    sqlx::query(table).execute(pool).await?;
                }
                for account in 0..i64::from(ACCOUNTS) {
                    sqlx::query($account).bind(account).bind(START).execute(pool).await?;
                }
                Ok(())
            }

            pub(super) async fn books(pool: &Pool<Database>) -> Result<Books, BankError> {
                let balances = "select cents from bank_accounts order by id";
                let entries = "select cents from bank_entries";
                Ok(Books {
                    balances: sqlx::query_scalar(balances).fetch_all(pool).await?,
                    entries: sqlx::query_scalar::<_, i64>(entries).fetch_all(pool).await?.len(),
                })
            }
        }
    };
}

bank_in!(
    in_postgres,
    Postgres,
    "begin",
    "insert into bank_accounts (id, cents) values ($1, $2)",
    "update bank_accounts set cents = cents + $1 where id = $2",
    "insert into bank_entries (transfer, account, cents) values ($1, $2, $3)"
);
bank_in!(
    in_mysql,
    MySql,
    "begin",
    "insert into bank_accounts (id, cents) values (?, ?)",
    "update bank_accounts set cents = cents + ? where id = ?",
    "insert into bank_entries (transfer, account, cents) values (?, ?, ?)"
);
// Immediate: a transaction that has read before it writes loses to whoever wrote in between.
bank_in!(
    in_sqlite,
    Sqlite,
    "begin immediate",
    "insert into bank_accounts (id, cents) values (?, ?)",
    "update bank_accounts set cents = cents + ? where id = ?",
    "insert into bank_entries (transfer, account, cents) values (?, ?, ?)"
);

impl Bank {
    pub(crate) async fn open(url: &str) -> Result<Self, Fault> {
        let builder = Idem::builder().table(RECORDS);
        Ok(match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            "postgres" | "postgresql" => {
                // A pool would try for half a minute, and then not say why.
                PgConnection::connect(url).await?.close().await?;
                let pool = PgPool::connect(url).await?;
                Self::Postgres(builder.postgres(pool.clone()).build().await?, pool)
            }
            "mysql" | "mariadb" => {
                MySqlConnection::connect(url).await?.close().await?;
                let pool = MySqlPool::connect(url).await?;
                Self::MySql(builder.mysql(pool.clone()).build().await?, pool)
            }
            "sqlite" => {
                let options: SqliteConnectOptions = url.parse()?;
                let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                let pool = SqlitePool::connect_with(options).await?;
                Self::Sqlite(builder.sqlite(pool.clone()).build().await?, pool)
            }
            _ => return Err("a database's URL is postgres://…, mysql://… or sqlite://…".into()),
        })
    }

    /// Makes the tables, and forgets an earlier run.
    pub(crate) async fn set_up(&self) -> Result<(), BankError> {
        match self {
            Self::Postgres(idem, pool) => in_postgres::set_up(idem, pool).await,
            Self::MySql(idem, pool) => in_mysql::set_up(idem, pool).await,
            Self::Sqlite(idem, pool) => in_sqlite::set_up(idem, pool).await,
        }
    }

    pub(crate) async fn make(&self, transfer: &Transfer) -> Result<(), BankError> {
        match self {
            Self::Postgres(idem, pool) => in_postgres::make(idem, pool, transfer).await,
            Self::MySql(idem, pool) => in_mysql::make(idem, pool, transfer).await,
            Self::Sqlite(idem, pool) => in_sqlite::make(idem, pool, transfer).await,
        }
    }

    pub(crate) async fn books(&self) -> Result<Books, BankError> {
        match self {
            Self::Postgres(_, pool) => in_postgres::books(pool).await,
            Self::MySql(_, pool) => in_mysql::books(pool).await,
            Self::Sqlite(_, pool) => in_sqlite::books(pool).await,
        }
    }
}
