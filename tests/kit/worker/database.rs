use std::pin::Pin;
use std::time::Duration;

use idem::__private::crash;
use idem::{Builder, Error, Idem, Key, StateMachine, Transition, with_outcome};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, MySql, Pool, Postgres, Row as _, Sqlite, Transaction};
use tokio::sync::Mutex;

use super::call::entity;
use super::{Call, Strategy, how};
use crate::oracle::{How, Journal, Moment, now};

/// How many connections a worker has, and how long it waits for one or for an SQLite file.
pub(super) const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(StateMachine, Clone, Copy)]
#[state(table = "orders", id = "id", column = "status")]
enum Order {
    #[state(to(Paid))]
    Pending,
    Paid,
}

const TABLES: [&str; 2] = [
    "create table if not exists orders (id bigint not null primary key, status varchar(20) not null)",
    "create table if not exists effects (name varchar(100) not null, value varchar(100) not null)",
];

/// A worker's own pool: the transactions that its calls join.
#[derive(Debug)]
pub(super) enum Database {
    Postgres(Pool<Postgres>),
    MariaDb(Pool<MySql>),
    Sqlite(Pool<Sqlite>),
}

/// Does the same with whichever it is.
macro_rules! each {
    ($database:expr, $pool:ident => $do:expr) => {
        match $database {
            Database::Postgres($pool) => $do,
            Database::MariaDb($pool) => $do,
            Database::Sqlite($pool) => $do,
        }
    };
}

/// The answer to a call.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<(String, How), Error>> + Send + 'a>>;

/// What a body does in its transaction.
struct Body {
    call: Call,
    journal: Journal,
    asked: Moment,
}

/// The same for each driver.
macro_rules! driver {
    ($name:ident $driver:ident $begin:literal) => {
        mod $name {
            use super::*;

            /// Makes a call in a transaction of its own, and commits it.
            pub(super) async fn call(
                pool: &Pool<$driver>,
                idem: &Idem,
                journal: &Journal,
                call: &Call,
            ) -> Result<(String, How), Error> {
                let (call, journal) = (call.clone(), Journal::at(journal.path()));
                let body = Body { asked: now(), journal, call };
                let (key, plan) = (key(&body.call), body.call.plan());
                crash::before("begin");
                let mut tx = pool.begin_with($begin).await.map_err(Error::outage)?;
                let body = async |tx: &mut Transaction<'_, $driver>| run(body, tx).await;
                let (answer, outcome) = with_outcome(idem.call_tx(&mut tx, &plan, key, body)).await;
                let value = answer?;
                crash::before("commit");
                tx.commit().await.map_err(Error::outage)?;
                crash::after("commit");
                Ok((value, how(outcome)))
            }

            async fn run(body: Body, tx: &mut Transaction<'_, $driver>) -> Result<String, Error> {
                let Body { call, journal, asked } = body;
                let run = call.begin(&journal, asked);
                let effect =
                    format!("insert into effects values ('{}', '{}')", call.key, run.value);
                let written = sqlx::raw_sql(AssertSqlSafe(effect)).execute(&mut **tx).await;
                written.map_err(Error::outage)?;
                call.last(&journal, &run).await?;
                Ok(run.value)
            }
        }
    };
}

driver!(postgres Postgres "begin");
driver!(mariadb MySql "begin");
driver!(sqlite Sqlite "begin immediate");

fn key(call: &Call) -> Key {
    let key = call.name();
    if call.strategy == Strategy::State {
        let paid = Transition::new(Order::Pending, Order::Paid, entity(&call.key));
        return key.transition(paid);
    }
    key
}

impl Database {
    /// The one at this URL, if it is a database's, by so many connections at most.
    pub(super) fn open(url: &str, connections: u32) -> Option<Self> {
        Some(match url.split(':').next()? {
            "postgres" => {
                let pool = PgPoolOptions::new().max_connections(connections);
                let pool = pool.acquire_timeout(PATIENCE).connect_lazy(url);
                Self::Postgres(pool.expect("a URL"))
            }
            "mysql" => {
                let pool = MySqlPoolOptions::new().max_connections(connections);
                let pool = pool.acquire_timeout(PATIENCE).connect_lazy(url);
                Self::MariaDb(pool.expect("a URL"))
            }
            "sqlite" => {
                let options: SqliteConnectOptions = url.parse().expect("a URL");
                let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(PATIENCE);
                let pool = SqlitePoolOptions::new().max_connections(connections);
                Self::Sqlite(pool.acquire_timeout(PATIENCE).connect_lazy_with(options))
            }
            _ => return None,
        })
    }

    pub(super) fn keep_records(&self, builder: Builder) -> Builder {
        match self {
            Self::Postgres(pool) => builder.postgres(pool.clone()),
            Self::MariaDb(pool) => builder.mysql(pool.clone()),
            Self::Sqlite(pool) => builder.sqlite(pool.clone()),
        }
    }

    pub(super) async fn migrate(&self) {
        // Of two that make a table at once, Postgres refuses the second, though it asks whether it is
        // there. All who do are tests of one process.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
        let _turn = ONE_AT_A_TIME.lock().await;
        for table in TABLES {
            self.execute(table.to_owned()).await;
        }
    }

    /// Makes rows that are pending.
    pub(super) async fn pend(&self, entities: &[i64]) {
        let rows: Vec<_> = entities.iter().map(|entity| format!("({entity}, 'pending')")).collect();
        self.execute(format!("insert into orders values {}", rows.join(", "))).await;
    }

    async fn execute(&self, sql: String) {
        let done =
            each!(self, pool => sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.map(drop));
        done.expect("the database answers");
    }

    /// Makes a call in a transaction of its own, and commits it.
    pub(super) fn call<'a>(
        &'a self,
        idem: &'a Idem,
        journal: &'a Journal,
        call: &'a Call,
    ) -> Answer<'a> {
        match self {
            Self::Postgres(pool) => Box::pin(postgres::call(pool, idem, journal, call)),
            Self::MariaDb(pool) => Box::pin(mariadb::call(pool, idem, journal, call)),
            Self::Sqlite(pool) => Box::pin(sqlite::call(pool, idem, journal, call)),
        }
    }

    pub(super) async fn committed(&self) -> Vec<(String, String)> {
        let sql = "select name, value from effects";
        each!(self, pool => {
            let rows = sqlx::query(sql).fetch_all(pool).await.expect("the database answers");
            rows.iter().map(|row| (row.get(0), row.get(1))).collect()
        })
    }
}
