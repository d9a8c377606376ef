//! One database for a test, with a table of the test's own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Builder, Error, Idem, Key, Outcome, Plan, with_outcome};
use kit::database::{Kind as Servers, Server};
use kit::place::sqlite_url;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{AssertSqlSafe, Executor as _, MySqlPool, PgPool, Row as _, SqlitePool};
use tempfile::TempDir;

/// How long a test waits for what happens at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// How long a step may take on a machine that is busy.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A database, and a table in it that no other test has.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) table: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Server(Servers),
    /// In a folder that goes with the last of its engines.
    Sqlite {
        _folder: Arc<TempDir>,
    },
}

impl Database {
    pub(crate) fn postgres() -> Self {
        Self::at(Server::shared(Servers::Postgres))
    }

    pub(crate) fn mariadb() -> Self {
        Self::at(Server::shared(Servers::MariaDb))
    }

    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::with_prefix("idem-kit-").unwrap();
        let url = sqlite_url(folder.path());
        Self::of(Kind::Sqlite { _folder: Arc::new(folder) }, url)
    }

    /// On this server.
    pub(crate) fn at(server: &Server) -> Self {
        Self::of(Kind::Server(server.kind()), server.url())
    }

    /// The same database, and another table.
    pub(crate) fn with_another_table(&self) -> Self {
        Self::of(self.kind.clone(), self.url.clone())
    }

    fn of(kind: Kind, url: String) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let table = format!("records_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { kind, url, table }
    }

    /// The same table by another way.
    pub(crate) fn by_way_of(&self, address: SocketAddr) -> Self {
        Self { url: self.server().url_by_way_of(address), ..self.clone() }
    }

    /// The server that the tests share.
    pub(crate) fn server(&self) -> &'static Server {
        match self.kind {
            Kind::Server(kind) => Server::shared(kind),
            Kind::Sqlite { .. } => panic!("SQLite has no server"),
        }
    }

    /// The same table as another role of the server.
    pub(crate) fn as_role(&self, role: &str) -> Self {
        Self { url: self.url.replace("//postgres@", &format!("//{role}@")), ..self.clone() }
    }

    /// An engine to be on this table, with a pool of its own.
    pub(crate) fn builder(&self) -> Builder {
        Idem::builder().database(&self.url).table(&self.table).timeout(TIMEOUT)
    }

    /// An engine on this table, which is there.
    pub(crate) async fn engine(&self) -> Idem {
        let idem = self.builder().build().await.expect("the database answers");
        idem.migrate().await.expect("the database makes tables");
        idem
    }

    /// An engine on this table, with a pool of so many connections.
    pub(crate) fn builder_with(&self, connections: u32) -> Builder {
        let builder = Idem::builder().table(&self.table).timeout(TIMEOUT);
        match self.kind {
            Kind::Server(Servers::Postgres) => {
                let pool = PgPoolOptions::new().max_connections(connections);
                builder.postgres(pool.connect_lazy(&self.url).expect("a URL"))
            }
            Kind::Server(Servers::MariaDb) => {
                let pool = MySqlPoolOptions::new().max_connections(connections);
                builder.mysql(pool.connect_lazy(&self.url).expect("a URL"))
            }
            Kind::Sqlite { .. } => {
                let pool = SqlitePoolOptions::new().max_connections(connections);
                builder.sqlite(pool.connect_lazy(&self.url).expect("a URL"))
            }
        }
    }

    /// A pool on MariaDB whose connections begin with this.
    pub(crate) fn sessions_after(&self, set: &'static str) -> MySqlPool {
        let pool =
            MySqlPoolOptions::new().max_connections(8).after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(set).await.map(drop) })
            });
        pool.connect_lazy(&self.url).expect("a URL")
    }

    /// An engine on this table of MariaDB's, with this pool.
    pub(crate) async fn engine_on(&self, pool: MySqlPool) -> Idem {
        let builder = Idem::builder().mysql(pool).table(&self.table).timeout(TIMEOUT);
        let idem = builder.sweep_every(Duration::MAX).build().await.expect("the database answers");
        idem.migrate().await.expect("the database makes tables");
        idem
    }

    /// The same with a pool whose connections begin with this.
    pub(crate) async fn engine_after(&self, set: &'static str) -> Idem {
        self.engine_on(self.sessions_after(set)).await
    }

    /// Runs SQL of the test's own.
    pub(crate) async fn execute(&self, sql: &str) {
        match self.kind {
            Kind::Server(Servers::Postgres) => {
                let pool = PgPool::connect(&self.url).await.expect("the database answers");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect(sql);
            }
            Kind::Server(Servers::MariaDb) => {
                let pool = MySqlPool::connect(&self.url).await.expect("the database answers");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect(sql);
            }
            Kind::Sqlite { .. } => {
                let pool = SqlitePool::connect(&self.url).await.expect("the file opens");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect(sql);
            }
        }
    }

    /// The number that SQL of the test's own answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self.kind {
            Kind::Server(Servers::Postgres) => {
                let pool = PgPool::connect(&self.url).await.expect("the database answers");
                sqlx::query(AssertSqlSafe(sql)).fetch_one(&pool).await.expect(sql).get(0)
            }
            Kind::Server(Servers::MariaDb) => {
                let pool = MySqlPool::connect(&self.url).await.expect("the database answers");
                sqlx::query(AssertSqlSafe(sql)).fetch_one(&pool).await.expect(sql).get(0)
            }
            Kind::Sqlite { .. } => {
                let pool = SqlitePool::connect(&self.url).await.expect("the file opens");
                sqlx::query(AssertSqlSafe(sql)).fetch_one(&pool).await.expect(sql).get(0)
            }
        }
    }

    /// Whether it locks the file, and not the row.
    pub(crate) fn is_a_file(&self) -> bool {
        matches!(self.kind, Kind::Sqlite { .. })
    }

    /// The table's name, as it stands in SQL.
    fn quoted(&self) -> String {
        let quote = if matches!(self.kind, Kind::Server(Servers::MariaDb)) { "`" } else { "\"" };
        format!("{quote}{}{quote}", self.table.replace('.', &format!("{quote}.{quote}")))
    }

    /// Lets all that the table has be expired.
    pub(crate) async fn expire(&self) {
        let long_ago = if self.is_a_file() { "0" } else { "'1970-01-02'" };
        self.execute(&format!("update {} set expires_at = {long_ago}", self.quoted())).await;
    }

    /// How many rows the table has.
    pub(crate) async fn rows(&self) -> i64 {
        self.number(&format!("select count(*) from {}", self.quoted())).await
    }
}

pub(crate) fn key(number: impl Into<u64>) -> Key {
    let number = number.into();
    idem::key!("op:{number}")
}

/// Counts runs, and answers with their number: 1, 2, 3 …
#[derive(Debug, Default)]
pub(crate) struct Runs(AtomicUsize);

impl Runs {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A body that counts itself.
    #[expect(clippy::unused_async, reason = "a body is a future, and counts when it is polled")]
    pub(crate) async fn body(&self) -> Result<usize, Error> {
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// A call of `op:number` that answers 77 if it runs.
pub(crate) async fn ask(idem: &Idem, plan: &Plan, number: u64) -> (Result<usize, Error>, Outcome) {
    with_outcome(idem.call(plan, key(number), async { Ok(77) })).await
}
