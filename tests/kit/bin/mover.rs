//! Pays an order in a process of its own, to be killed between two steps.
//!
//!     kit-mover URL RECORDS ORDER CALLBACK STEP
//!
//! `RECORDS` is the table of records. At `STEP` (`begun`, `moved`, `answered`, `committed`) it prints
//! `at STEP`, and goes no further.

use std::env;

use idem::{Error, Idem, StateMachine, idempotent};
use sqlx::{AssertSqlSafe, MySql, Pool, Postgres, Sqlite, Transaction};

#[derive(StateMachine)]
#[state(table = "orders", id = "id", column = "status")]
enum Order {
    #[state(to(Paid))]
    Pending,
    Paid,
}

struct Task {
    url: String,
    records: String,
    order: i64,
    callback: String,
    step: String,
}

impl Task {
    /// Goes no further, if this is the step.
    async fn reached(&self, step: &str) {
        if self.step == step {
            println!("at {step}");
            std::future::pending::<()>().await;
        }
    }
}

/// The same for each driver, whose type stands in the function's signature.
macro_rules! pays_by {
    ($name:ident, $driver:ident, $begin:literal) => {
        mod $name {
            use super::*;

            #[idempotent(
                                                        strategy = "state",
                                                        key = "pay_in_time:{callback}:{order}",
                                                        transition = Order::Pending => Order::Paid,
                                                        entity = order,
                                                        tx = tx,
                                                        engine = idem
                                                    )]
            async fn pay(
                idem: &Idem,
                tx: &mut Transaction<'_, $driver>,
                task: &Task,
                callback: &str,
                order: i64,
            ) -> Result<String, Error> {
                let sql = format!("insert into moves values ({order}, 'paid')");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.expect("a table");
                task.reached("moved").await;
                Ok("the receipt of a process".to_owned())
            }

            pub(crate) async fn run(task: &Task) {
                let builder = Idem::builder().database(&task.url).table(&task.records);
                let idem = builder.build().await.expect("the database answers");
                let pool = <Pool<$driver>>::connect(&task.url).await.expect("the database answers");
                let mut tx = pool.begin_with($begin).await.expect("a transaction");
                task.reached("begun").await;
                let paid = pay(&idem, &mut tx, task, &task.callback, task.order).await;
                paid.expect("the order is pending");
                task.reached("answered").await;
                tx.commit().await.expect("it commits");
                task.reached("committed").await;
            }
        }
    };
}

pays_by!(postgres, Postgres, "begin");
pays_by!(mariadb, MySql, "begin");
pays_by!(sqlite, Sqlite, "begin immediate");

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().expect("an argument");
    let [url, records, order, callback, step] = [(); 5].map(|()| next());
    let order = order.parse().expect("a number");
    let task = Task { url, records, order, callback, step };
    match task.url.split(':').next() {
        Some("postgres") => postgres::run(&task).await,
        Some("mysql") => mariadb::run(&task).await,
        _ => sqlite::run(&task).await,
    }
}
