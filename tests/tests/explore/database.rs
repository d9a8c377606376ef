//! Handlers whose strategy needs a database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::testing::{Explore, World, explore};
use idem::{StateMachine, idempotent};
use sqlx::{SqlitePool, SqliteTransaction};

use crate::{Bank, caught};

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn ask(pool: &SqlitePool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.expect("a number")
}

/// A database with an account that holds 100.
async fn bank(world: &World) -> SqlitePool {
    let pool = world.sqlite().await;
    let accounts = "create table accounts (id integer primary key, cents integer);
                    insert into accounts values (1, 100), (2, 0)";
    sqlx::raw_sql(accounts).execute(&pool).await.expect("two accounts");
    pool
}

async fn book(tx: &mut SqliteTransaction<'_>, from: i64, to: i64) -> Result<(), sqlx::Error> {
    for (account, change) in [(from, -10), (to, 10)] {
        let update = sqlx::query("update accounts set cents = cents + ? where id = ?");
        update.bind(change).bind(account).execute(&mut **tx).await?;
    }
    Ok(())
}

#[idempotent(key = "move:{id}", strategy = "db", tx = tx)]
async fn transfer(tx: &mut SqliteTransaction<'_>, id: i64) -> Result<i64, Failure> {
    book(tx, 1, 2).await?;
    Ok(id)
}

async fn transferred(pool: &SqlitePool, begin: &'static str) -> Result<i64, Failure> {
    let mut tx = pool.begin_with(begin).await?;
    let id = transfer(&mut tx, 7).await?;
    tx.commit().await?;
    Ok(id)
}

#[tokio::test]
async fn a_transfer_in_the_callers_transaction_happens_exactly_once() {
    for begin in ["begin immediate", "begin"] {
        let scenarios = Explore::new().run(|world| async move {
            let pool = bank(&world).await;
            assert_eq!(world.deliver(|| transferred(&pool, begin)).await.unwrap(), 7, "{world}");
            assert_eq!(ask(&pool, "select cents from accounts where id = 2").await, 10, "{world}");
            assert_eq!(ask(&pool, "select sum(cents) from accounts").await, 100, "{world}");
        });
        let scenarios = scenarios.await;
        assert!(scenarios > 30, "only {scenarios}: the transaction has more awaits than that");
    }
}

#[idempotent(key = "aside:{id}", strategy = "db", tx = tx)]
async fn charge_aside(
    tx: &mut SqliteTransaction<'_>,
    id: i64,
    bank: &Bank,
) -> Result<i64, Failure> {
    bank.charge(None);
    book(tx, 1, 2).await?;
    Ok(id)
}

#[test]
fn an_effect_elsewhere_is_not_undone_with_the_transaction() {
    let message = caught(explore(|world| async move {
        let (pool, bank) = (bank(&world).await, Bank::default());
        let charged = world.deliver(|| async {
            let mut tx = pool.begin_with("begin immediate").await?;
            let id = charge_aside(&mut tx, 7, &bank).await?;
            tx.commit().await?;
            Ok::<_, Failure>(id)
        });
        charged.await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(message.contains("the process is killed at an await of the handler"), "{message}");
}

#[idempotent(key = "slow:{id}", strategy = "db", tx = tx)]
async fn transfer_slowly(tx: &mut SqliteTransaction<'_>, id: i64) -> Result<i64, Failure> {
    book(tx, 1, 2).await?;
    tokio::time::sleep(Duration::from_hours(1)).await;
    Ok(id)
}

#[tokio::test]
async fn the_clock_goes_on_while_a_transaction_is_open() {
    let began = Instant::now();
    let few = Explore::new().at_most(5).run(|world| async move {
        let pool = bank(&world).await;
        let moved = world.deliver(|| async {
            let mut tx = pool.begin_with("begin immediate").await?;
            let id = transfer_slowly(&mut tx, 7).await?;
            tx.commit().await?;
            Ok::<_, Failure>(id)
        });
        assert_eq!(moved.await.unwrap(), 7, "{world}");
    });
    few.await;
    assert!(
        began.elapsed() < Duration::from_hours(1),
        "an hour of the paused clock was a real one"
    );
}

#[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
#[state(table = "orders", id = "id", column = "status")]
enum Status {
    #[state(to(Paid))]
    Pending,
    Paid,
}

#[idempotent(
    key = "pay:{order}",
    strategy = "state",
    transition = Status::Pending => Status::Paid,
    entity = order,
    tx = tx
)]
async fn pay(tx: &mut SqliteTransaction<'_>, order: i64) -> Result<i64, Failure> {
    sqlx::query("insert into receipts values (?)").bind(order).execute(&mut **tx).await?;
    Ok(order)
}

#[tokio::test]
async fn a_transition_happens_exactly_once() {
    explore(|world| async move {
        let pool = world.sqlite().await;
        let tables = "create table orders (id integer primary key, status text);
                      insert into orders values (7, 'pending');
                      create table receipts (number integer)";
        sqlx::raw_sql(tables).execute(&pool).await.unwrap();
        let paid = world.deliver(|| async {
            let mut tx = pool.begin_with("begin immediate").await?;
            let order = pay(&mut tx, 7).await?;
            tx.commit().await?;
            Ok::<_, Failure>(order)
        });
        assert_eq!(paid.await.unwrap(), 7, "{world}");
        assert_eq!(ask(&pool, "select count(*) from receipts").await, 1, "{world}");
        assert_eq!(ask(&pool, "select count(*) from orders where status = 'paid'").await, 1);
    })
    .await;
}

#[idempotent(key = "durable:{order}", strategy = "db")]
async fn durable(order: u32, bank: Arc<Bank>, key: Option<&str>) -> Result<u32, Failure> {
    bank.charge_slowly(key.map(|key| idem::attempt().downstream_key(key))).await;
    Ok(order)
}

#[tokio::test]
async fn a_durable_claim_of_a_safe_handler_survives_everything() {
    explore(|world| async move {
        let bank = Arc::new(Bank::default());
        world.deliver(|| durable(1, bank.clone(), Some("charge"))).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    })
    .await;
}

#[test]
fn a_durable_claim_does_not_make_an_unsafe_handler_safe() {
    let message = caught(explore(|world| async move {
        let bank = Arc::new(Bank::default());
        world.deliver(|| durable(1, bank.clone(), None)).await.unwrap();
        assert_eq!(bank.charges(), 1, "{world}");
    }));
    assert!(message.contains("takeover: won, attempt 2"), "{message}");
}

#[test]
fn a_database_that_comes_after_a_delivery_is_told() {
    let message = caught(explore(|world| async move {
        let _ = world.deliver(|| durable(1, Arc::default(), None)).await;
        world.sqlite().await;
    }));
    assert!(message.contains("comes before the first delivery"), "{message}");
}

/// An order that was paid before, and not by this key: each delivery ends with a transaction that is
/// given up.
async fn paid_again(pool: &SqlitePool) -> Result<i64, Failure> {
    let mut tx = pool.begin_with("begin immediate").await?;
    let order = pay(&mut tx, 8).await?;
    tx.commit().await?;
    Ok(order)
}

#[tokio::test]
async fn a_refused_transition_leaves_the_database_to_the_closure() {
    explore(|world| async move {
        let pool = world.sqlite().await;
        let tables = "create table orders (id integer primary key, status text);
                      insert into orders values (8, 'paid');
                      create table receipts (number integer)";
        sqlx::raw_sql(tables).execute(&pool).await.unwrap();
        world.deliver(|| paid_again(&pool)).await.expect_err("paid already");
        sqlx::query("insert into receipts values (0)").execute(&pool).await.unwrap();
        assert_eq!(ask(&pool, "select count(*) from receipts").await, 1, "{world}");
    })
    .await;
}

#[idempotent(key = "overdraw:{id}", strategy = "db", tx = tx)]
async fn overdraw(tx: &mut SqliteTransaction<'_>, id: i64) -> Result<i64, Failure> {
    book(tx, 2, 1).await?;
    Err(format!("account {id} has nothing").into())
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_the_database_to_the_closure() {
    // Each of them has eight deliveries.
    let some = Explore::new().at_most(40).run(|world| async move {
        let pool = bank(&world).await;
        let moved = world.deliver(|| async {
            let mut tx = pool.begin_with("begin immediate").await?;
            let id = overdraw(&mut tx, 2).await?;
            tx.commit().await?;
            Ok::<_, Failure>(id)
        });
        moved.await.expect_err("nothing to move");
        sqlx::query("update accounts set cents = 1 where id = 2").execute(&pool).await.unwrap();
        assert_eq!(ask(&pool, "select sum(cents) from accounts").await, 101, "{world}");
    });
    some.await;
}
