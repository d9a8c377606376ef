//! A Postgres database of a test's own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit::database::{Kind, Server};
use sqlx::{AssertSqlSafe, PgPool};

pub(crate) struct Database {
    pub(crate) pool: PgPool,
    name: String,
    address: SocketAddr,
}

impl Database {
    pub(crate) async fn new() -> Self {
        Self::of(Self::server()).await
    }

    /// One of this server.
    pub(crate) async fn of(server: &Server) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("shop_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let whole = PgPool::connect(&server.url()).await.unwrap();
        let made = sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")));
        made.execute(&whole).await.unwrap();
        let address = server.address();
        Self { pool: PgPool::connect(&url(&name, address)).await.unwrap(), name, address }
    }

    pub(crate) fn server() -> &'static Server {
        Server::shared(Kind::Postgres)
    }

    pub(crate) fn url(&self) -> String {
        self.url_by_way_of(self.address)
    }

    /// How a client reaches it through a proxy.
    pub(crate) fn url_by_way_of(&self, address: SocketAddr) -> String {
        url(&self.name, address)
    }

    /// How many rows a table has, as far as they are committed.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let count = AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(count).fetch_one(&self.pool).await.unwrap()
    }
}

fn url(name: &str, address: SocketAddr) -> String {
    Kind::Postgres.url(address).replacen("/postgres?", &format!("/{name}?"), 1)
}
