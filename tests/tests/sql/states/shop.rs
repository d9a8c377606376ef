//! Orders that are paid, shipped and refunded, and what was done about them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Plan, StateMachine, idempotent};
use sqlx::{AssertSqlSafe, Database as Driver, Pool, Row as _, Transaction};
use tokio::sync::OnceCell;

use super::{BEGIN, Db};
use crate::database::Database;

#[derive(StateMachine, Clone, Copy, Debug, PartialEq)]
#[state(table = "orders", id = "id", column = "status")]
pub(super) enum Order {
    #[state(to(Paid, Cancelled))]
    Pending,
    #[state(to(Shipped, Refunded))]
    Paid,
    Shipped,
    #[state(to(Paid))]
    Refunded,
    Cancelled,
}

pub(super) const PLAN: Plan = Plan::state();

/// An engine, and a pool beside it on the same database.
pub(super) struct Shop {
    pub(super) database: Database,
    pub(super) idem: Idem,
    pub(super) pool: Pool<Db>,
}

pub(super) const SCHEMA: &str = "
    create table orders (id bigint primary key, status varchar(20));
    create table moves (id bigint not null, what varchar(20) not null);
";

impl Shop {
    pub(super) async fn open() -> Self {
        static MADE: OnceCell<()> = OnceCell::const_new();
        let shop = Self::at(super::database()).await;
        // A file is the test's own, a server that of all.
        if shop.database.is_a_file() {
            shop.execute(SCHEMA).await;
        } else {
            MADE.get_or_init(|| shop.execute(SCHEMA)).await;
        }
        shop
    }

    /// Without the tables.
    pub(super) async fn at(database: Database) -> Self {
        let idem = database.engine().await;
        let pool = <Pool<Db>>::connect(&database.url).await.unwrap();
        Self { database, idem, pool }
    }

    /// Another engine on the same records, as another process has.
    pub(super) async fn neighbour(&self) -> Self {
        let (database, pool) = (self.database.clone(), self.pool.clone());
        Self { idem: database.engine().await, database, pool }
    }

    /// An order in this state.
    pub(super) async fn order(&self, status: &str) -> i64 {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        self.execute(&format!("insert into orders values ({id}, '{status}')")).await;
        id
    }

    pub(super) async fn status(&self, order: i64) -> String {
        let status = self.text(&format!("select status from orders where id = {order}")).await;
        status.expect("an order has a status")
    }

    /// What was done about an order, and committed.
    pub(super) async fn moves(&self, order: i64) -> Vec<String> {
        let sql = format!("select what from moves where id = {order} order by what");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(super) async fn begin(&self) -> Transaction<'static, Db> {
        self.pool.begin_with(BEGIN).await.unwrap()
    }

    pub(super) async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.expect(sql);
    }

    /// The text that SQL of the test's own answers with.
    pub(super) async fn text(&self, sql: &str) -> Option<String> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        query.fetch_one(&self.pool).await.expect(sql).get(0)
    }

    /// Pays in a transaction of its own.
    pub(super) async fn pays(&self, callback: &str, order: i64) -> Result<String, Error> {
        let mut tx = self.begin().await;
        let paid = pay(self, &mut tx, callback, order).await;
        tx.commit().await.unwrap();
        paid
    }
}

/// Notes what is done about an order.
pub(super) async fn note(tx: &mut <Db as Driver>::Connection, order: i64, what: &str) {
    let sql = format!("insert into moves values ({order}, '{what}')");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await.unwrap();
}

/// A pending order is paid; its receipt is another each time that the body runs.
#[idempotent(
    strategy = "state",
    key = "pay:{callback}:{order}",
    transition = Order::Pending => Order::Paid,
    entity = order,
    tx = tx,
    engine = shop.idem
)]
pub(super) async fn pay(
    shop: &Shop,
    tx: &mut Transaction<'_, Db>,
    callback: &str,
    order: i64,
) -> Result<String, Error> {
    note(tx, order, &format!("paid by {callback}")).await;
    Ok(receipt(order))
}

/// The same for callers that wait.
#[idempotent(
    strategy = "state",
    key = "pay_in_time:{callback}:{order}",
    transition = Order::Pending => Order::Paid,
    entity = order,
    tx = tx,
    engine = shop.idem,
    wait = "60s"
)]
pub(super) async fn pay_in_time(
    shop: &Shop,
    tx: &mut Transaction<'_, Db>,
    callback: &str,
    order: i64,
) -> Result<String, Error> {
    note(tx, order, "paid").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(receipt(order))
}

fn receipt(order: i64) -> String {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    format!("receipt {} of {order}", NEXT.fetch_add(1, Ordering::Relaxed))
}
