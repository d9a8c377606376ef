//! A database with a table of records and one of entries, both of the test's own, and calls that
//! write an entry in their caller's transaction.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Builder, Error, Idem, Key, Outcome, Plan, Returns, with_outcome};
use kit::database::{Kind, Server};
use kit::place::sqlite_url;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Database, MySql, Pool, Postgres, Sqlite, Transaction};
use tempfile::TempDir;
use tokio::sync::Notify;

pub(crate) const PLAN: Plan = Plan::db();

/// How long a test waits for what happens at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// How long a step may take on a machine that is busy.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECTIONS: u32 = 60;

/// A database, as far as the tests are generic over it.
pub(crate) trait Driver: Database {
    /// How a transaction that writes is begun.
    const BEGIN: &'static str;

    fn builder(pool: Pool<Self>) -> Builder;

    /// The server that the tests share.
    fn server() -> &'static Server;

    fn pool(url: &str, connections: u32) -> Pool<Self>;

    fn execute(
        connection: &mut Self::Connection,
        sql: String,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    fn number(
        connection: &mut Self::Connection,
        sql: String,
    ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

    fn call(
        idem: &Idem,
        tx: &mut Transaction<'_, Self>,
        plan: &Plan,
        key: Key,
        body: Body,
    ) -> impl Future<Output = (Result<i64, Error>, Outcome)> + Send;

    fn call_with(
        idem: &Idem,
        tx: &mut Transaction<'_, Self>,
        plan: &Plan,
        key: Key,
        returns: Returns<Result<i64, Error>>,
        body: Body,
    ) -> impl Future<Output = Result<i64, Error>> + Send;
}

macro_rules! driver {
    ($($database:ident $builder:ident $begin:literal $server:expr, $options:ident)*) => {$(
        impl Driver for sqlx::$database {
            const BEGIN: &'static str = $begin;

            fn builder(pool: Pool<Self>) -> Builder {
                Idem::builder().$builder(pool)
            }

            fn server() -> &'static Server {
                $server
            }

            fn pool(url: &str, connections: u32) -> Pool<Self> {
                $options::new().max_connections(connections).connect_lazy(url).expect("a URL")
            }

            async fn execute(connection: &mut Self::Connection, sql: String) -> Result<(), sqlx::Error> {
                sqlx::query(AssertSqlSafe(sql)).execute(connection).await.map(drop)
            }

            async fn number(connection: &mut Self::Connection, sql: String) -> Result<i64, sqlx::Error> {
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await
            }

            async fn call(
                idem: &Idem,
                tx: &mut Transaction<'_, Self>,
                plan: &Plan,
                key: Key,
                body: Body,
            ) -> (Result<i64, Error>, Outcome) {
                let body = async |tx: &mut Transaction<'_, Self>| body.run::<Self>(tx).await;
                with_outcome(idem.call_tx(tx, plan, key, body)).await
            }

            async fn call_with(
                idem: &Idem,
                tx: &mut Transaction<'_, Self>,
                plan: &Plan,
                key: Key,
                returns: Returns<Result<i64, Error>>,
                body: Body,
            ) -> Result<i64, Error> {
                let body = async |tx: &mut Transaction<'_, Self>| body.run::<Self>(tx).await;
                idem.call_tx_with(tx, plan, key, returns, body).await
            }
        }
    )*};
}

driver! {
    Postgres postgres "begin" Server::shared(Kind::Postgres), PgPoolOptions
    MySql mysql "begin" Server::shared(Kind::MariaDb), MySqlPoolOptions
    Sqlite sqlite "begin immediate" panic!("SQLite has no server"), SqlitePoolOptions
}

/// A body: it writes an entry, and then it ends in one of several ways.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    entries: String,
    pub(crate) value: i64,
    pub(crate) then: Then,
}

#[derive(Debug, Clone)]
pub(crate) enum Then {
    /// Answers its value.
    Succeed,
    Fail,
    Panic,
    /// Says so, and answers its value when it is told to.
    Wait {
        begun: Arc<Notify>,
        go: Arc<Notify>,
    },
    /// Sends a statement that is refused, and fails with what the database said.
    Refused,
    /// The same, and answers its value all the same.
    Heedless,
    DoNotStore,
}

impl Body {
    async fn run<DB: Driver>(self, tx: &mut Transaction<'_, DB>) -> Result<i64, Error> {
        let Self { entries, value, then } = self;
        let entry = format!("insert into {entries} (value) values ({value})");
        DB::execute(tx, entry).await.map_err(Error::outage)?;
        let refused = || format!("insert into {entries} (value) values (null)");
        match then {
            Then::Succeed => {}
            Then::Fail => return Err(Error::outage("the body's own")),
            Then::Panic => panic!("the body's own"),
            Then::Wait { begun, go } => {
                begun.notify_one();
                go.notified().await;
            }
            Then::Refused => DB::execute(tx, refused()).await.map_err(Error::outage)?,
            Then::Heedless => DB::execute(tx, refused()).await.unwrap_or_default(),
            Then::DoNotStore => idem::attempt().do_not_store(),
        }
        Ok(value)
    }
}

/// A database, and tables in it that no other test has.
#[derive(Debug)]
pub(crate) struct Bank<DB: Driver> {
    pub(crate) pool: Pool<DB>,
    pub(crate) url: String,
    pub(crate) table: String,
    pub(crate) entries: String,
    /// It goes with the last of its banks.
    pub(crate) folder: Option<Arc<TempDir>>,
}

// By hand: a derive would ask `DB: Clone`.
impl<DB: Driver> Clone for Bank<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            url: self.url.clone(),
            table: self.table.clone(),
            entries: self.entries.clone(),
            folder: self.folder.clone(),
        }
    }
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

fn names() -> (String, String) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    (format!("tx_records_{number}"), format!("tx_entries_{number}"))
}

pub(crate) async fn postgres() -> Bank<Postgres> {
    let (table, entries) = names();
    postgres_at(Server::shared(Kind::Postgres).url(), table, entries).made().await
}

pub(crate) async fn mariadb() -> Bank<MySql> {
    let (table, entries) = names();
    mariadb_at(Server::shared(Kind::MariaDb).url(), table, entries).made().await
}

pub(crate) async fn sqlite() -> Bank<Sqlite> {
    let ((table, entries), folder) = (names(), TempDir::with_prefix("idem-kit-").unwrap());
    let bank = sqlite_at(sqlite_url(folder.path()), table, entries).made().await;
    Bank { folder: Some(Arc::new(folder)), ..bank }
}

/// One whose tables are there.
pub(crate) fn postgres_at(url: String, table: String, entries: String) -> Bank<Postgres> {
    let pool = Postgres::pool(&url, CONNECTIONS);
    Bank { pool, url, table, entries, folder: None }
}

pub(crate) fn mariadb_at(url: String, table: String, entries: String) -> Bank<MySql> {
    let pool = MySql::pool(&url, CONNECTIONS);
    Bank { pool, url, table, entries, folder: None }
}

pub(crate) fn sqlite_at(url: String, table: String, entries: String) -> Bank<Sqlite> {
    let options: SqliteConnectOptions = url.parse().unwrap();
    let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(SOON);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(options);
    Bank { pool, url, table, entries, folder: None }
}

impl<DB: Driver> Bank<DB> {
    /// The same, once its tables are made.
    pub(crate) async fn made(self) -> Self {
        self.engine().await.migrate().await.expect("the database makes tables");
        let entries = format!("create table {} (value bigint not null)", self.entries);
        let mut connection = self.pool.acquire().await.expect("the database answers");
        DB::execute(&mut connection, entries).await.expect("the database makes tables");
        drop(connection);
        self
    }

    /// The same tables by another way.
    pub(crate) fn by_way_of(&self, address: SocketAddr) -> Self {
        let url = DB::server().url_by_way_of(address);
        Self { pool: DB::pool(&url, CONNECTIONS), url, ..self.clone() }
    }

    /// The same tables by a single connection.
    pub(crate) fn by_one_connection(&self) -> Self {
        Self { pool: DB::pool(&self.url, 1), ..self.clone() }
    }

    pub(crate) fn builder(&self) -> Builder {
        DB::builder(self.pool.clone()).table(&self.table).timeout(TIMEOUT)
    }

    pub(crate) async fn engine(&self) -> Idem {
        self.builder().build().await.expect("the database answers")
    }

    /// A transaction of the caller's.
    pub(crate) async fn begin(&self) -> Transaction<'static, DB> {
        self.pool.begin_with(DB::BEGIN).await.expect("the database answers")
    }

    pub(crate) fn body(&self, value: i64) -> Body {
        Body { entries: self.entries.clone(), value, then: Then::Succeed }
    }

    pub(crate) fn then(&self, value: i64, then: Then) -> Body {
        Body { then, ..self.body(value) }
    }

    /// A call of `pay:{number}` that writes an entry, and answers, `value`.
    pub(crate) async fn pay(
        &self,
        idem: &Idem,
        tx: &mut Transaction<'_, DB>,
        number: u64,
        value: i64,
    ) -> (Result<i64, Error>, Outcome) {
        DB::call(idem, tx, &PLAN, key(number), self.body(value)).await
    }

    /// Writes an entry of the caller's own.
    pub(crate) async fn enter(&self, tx: &mut Transaction<'_, DB>, value: i64) {
        let entry = format!("insert into {} (value) values ({value})", self.entries);
        DB::execute(tx, entry).await.expect("the transaction is usable");
    }

    /// The number that SQL of the test's own answers, outside of any transaction.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.pool.acquire().await.expect("the database answers");
        DB::number(&mut connection, sql.to_owned()).await.expect("an answer")
    }

    /// How many entries there are of a value.
    pub(crate) async fn entries_of(&self, value: i64) -> i64 {
        self.number(&format!("select count(*) from {} where value = {value}", self.entries)).await
    }

    /// How many entries there are.
    pub(crate) async fn entries(&self) -> i64 {
        self.number(&format!("select count(*) from {}", self.entries)).await
    }

    /// How many records there are.
    pub(crate) async fn records(&self) -> i64 {
        self.number(&format!("select count(*) from {}", self.table)).await
    }
}

/// The caller's end of its transaction.
pub(crate) async fn end<DB: Driver>(tx: Transaction<'_, DB>, commit: bool) {
    let ended = if commit { tx.commit().await } else { tx.rollback().await };
    ended.expect("the database answers");
}

pub(crate) fn key(number: u64) -> Key {
    idem::key!("pay:{number}")
}
