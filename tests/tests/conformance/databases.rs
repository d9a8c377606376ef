//! The suite on the stores in a database.

use std::time::Duration;

use idem::store::{MySql, Name, Postgres, Sqlite};
use kit::database::{Kind, Server};
use kit::place::sqlite_url;
use sqlx::{MySqlPool, PgPool, SqlitePool};

idem::conformance!(postgres, postgres_nodes, plant = in_postgres);
idem::conformance!(mariadb, mariadb_nodes, plant = in_mariadb);
idem::conformance!(mariadb_unknown, unknown_mariadb_nodes, plant = in_mariadb);
idem::conformance!(sqlite, sqlite_nodes, plant = in_sqlite);

const TABLE: &str = "conformance";
const TIMEOUT: Duration = Duration::from_secs(20);

async fn postgres_nodes() -> [Postgres; 2] {
    let url = Server::shared(Kind::Postgres).url();
    let node = async || {
        let pool = PgPool::connect(&url).await.unwrap();
        let store = Postgres::new(pool, TABLE, TIMEOUT).unwrap();
        store.migrate().await.unwrap();
        store
    };
    [node().await, node().await]
}

async fn in_postgres(_: &Postgres, name: &Name, bytes: &[u8]) {
    let pool = PgPool::connect(&Server::shared(Kind::Postgres).url()).await.unwrap();
    let insert = "insert into conformance values \
                  ($1, 2, '', 7, 1, '', null, clock_timestamp() + interval '2 minutes', $2)";
    sqlx::query(insert).bind(&**name).bind(bytes).execute(&pool).await.unwrap();
}

async fn mariadb_nodes() -> [MySql; 2] {
    let url = Server::shared(Kind::MariaDb).url();
    let node = async || {
        let pool = MySqlPool::connect(&url).await.unwrap();
        let store = MySql::new(pool, TABLE, TIMEOUT).unwrap();
        store.migrate().await.unwrap();
        store
    };
    [node().await, node().await]
}

/// Nodes that have not asked what their server is, and claim as in MySQL.
async fn unknown_mariadb_nodes() -> [MySql; 2] {
    mariadb_nodes().await;
    let url = Server::shared(Kind::MariaDb).url();
    let node =
        async || MySql::new(MySqlPool::connect(&url).await.unwrap(), TABLE, TIMEOUT).unwrap();
    [node().await, node().await]
}

async fn in_mariadb(_: &MySql, name: &Name, bytes: &[u8]) {
    let pool = MySqlPool::connect(&Server::shared(Kind::MariaDb).url()).await.unwrap();
    let insert = "insert into conformance values \
                  (?, 2, '', 7, 1, '', null, utc_timestamp(6) + interval 2 minute, ?)";
    sqlx::query(insert).bind(name.as_bytes()).bind(bytes).execute(&pool).await.unwrap();
}

pub(crate) async fn sqlite_nodes() -> [Sqlite; 2] {
    // One file for all tests: each has names of its own.
    let url = sqlite_url(kit::supervisor::folder());
    let node = async || {
        let pool = SqlitePool::connect(&url).await.unwrap();
        let store = Sqlite::new(pool, TABLE, TIMEOUT).unwrap();
        store.migrate().await.unwrap();
        store
    };
    [node().await, node().await]
}

async fn in_sqlite(_: &Sqlite, name: &Name, bytes: &[u8]) {
    let pool = SqlitePool::connect(&sqlite_url(kit::supervisor::folder())).await.unwrap();
    let insert = "insert into conformance values \
                  ($1, 2, '', 7, 1, '', null, (unixepoch() + 120) * 1000, $2)";
    sqlx::query(insert).bind(&**name).bind(bytes).execute(&pool).await.unwrap();
}
