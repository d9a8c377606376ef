//! A Postgres database of a test's own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit::database::{Kind, Server};
use sqlx::{AssertSqlSafe, PgPool};

pub(crate) struct Database {
    pub(crate) pool: PgPool,
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("shop_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let server = PgPool::connect(&Self::server().url()).await.unwrap();
        let made = sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")));
        made.execute(&server).await.unwrap();
        let url = Self::url_of(&name, Self::server().address());
        Self { pool: PgPool::connect(&url).await.unwrap(), name }
    }

    pub(crate) fn server() -> &'static Server {
        Server::shared(Kind::Postgres)
    }

    pub(crate) fn url(&self) -> String {
        self.url_by_way_of(Self::server().address())
    }

    /// How a client reaches it through a proxy.
    pub(crate) fn url_by_way_of(&self, address: SocketAddr) -> String {
        Self::url_of(&self.name, address)
    }

    fn url_of(name: &str, address: SocketAddr) -> String {
        let url = Self::server().url_by_way_of(address);
        url.replacen("/postgres?", &format!("/{name}?"), 1)
    }

    /// How many rows a table has, as far as they are committed.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let count = AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(count).fetch_one(&self.pool).await.unwrap()
    }
}
