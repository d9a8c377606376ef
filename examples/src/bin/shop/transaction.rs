// What is done in a database. `database` has it once for each kind, with the `Database`, what its
// transactions `BEGIN` by, and its `SQL`.

use idem::{StateMachine, idempotent};
use sqlx::{Executor, Pool, Transaction};

use super::{
    Approach, Call, Callback, Effect, Failed, Payment, Receipt, Shop, Side, TABLES, TRIES, Trouble,
    of_row,
};

#[idempotent(
    key = "db:{payment.order}",
    strategy = "db",
    tx = tx,
    wait = "10s",
    fingerprint(payment)
)]
async fn pay(
    tx: &mut Transaction<'_, Database>,
    shop: &Shop,
    payment: &Payment,
    trouble: &Trouble,
) -> Result<Receipt, Failed> {
    let receipt = enter(&mut **tx, Approach::Db, Side::With, payment).await?;
    shop.die_of(trouble);
    Ok(receipt)
}

#[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
#[state(table = "shop_orders", id = "number", column = "status")]
enum Status {
    #[state(to(Paid))]
    Pending,
    Paid,
}

#[idempotent(
    key = "state:{callback.id}:{callback.payment.order}",
    strategy = "state",
    transition = Status::Pending => Status::Paid,
    entity = callback.payment.order,
    tx = tx,
    wait = "10s",
    fingerprint(callback.payment)
)]
async fn mark_paid(
    tx: &mut Transaction<'_, Database>,
    shop: &Shop,
    callback: &Callback,
    trouble: &Trouble,
) -> Result<Receipt, Failed> {
    let payment = &callback.payment;
    let receipt = enter(&mut **tx, Approach::State, Side::With, payment).await?;
    shop.die_of(trouble);
    Ok(receipt)
}

/// In a transaction of its own; all of it again when that lost to another.
pub(super) async fn guarded(
    pool: &Pool<Database>,
    shop: &Shop,
    call: Call<'_>,
    trouble: &Trouble,
) -> Result<Receipt, Failed> {
    let mut tries = 1;
    loop {
        let mut tx = pool.begin_with(BEGIN).await?;
        let answer = match call {
            Call::Pay(payment) => pay(&mut tx, shop, payment, trouble).await,
            Call::MarkPaid(callback) => mark_paid(&mut tx, shop, callback, trouble).await,
        };
        match answer {
            // Dropped, and so rolled back.
            Err(Failed::Idem(error)) if error.code() == "conflict" && tries < TRIES => {
                tries += 1;
            }
            answer => {
                let receipt = answer?;
                tx.commit().await?;
                return Ok(receipt);
            }
        }
    }
}

/// The same, less the attribute.
pub(super) async fn unguarded(
    pool: &Pool<Database>,
    shop: &Shop,
    call: Call<'_>,
    trouble: &Trouble,
) -> Result<Receipt, Failed> {
    let (approach, payment) = match call {
        Call::Pay(payment) => (Approach::Db, payment),
        Call::MarkPaid(Callback { payment, .. }) => {
            sqlx::query(SQL.mark).bind(&payment.order).execute(pool).await?;
            (Approach::State, payment)
        }
    };
    let receipt = enter(pool, approach, Side::Without, payment).await?;
    shop.die_of(trouble);
    Ok(receipt)
}

/// The effect: a row.
async fn enter(
    into: impl Executor<'_, Database = Database>,
    approach: Approach,
    side: Side,
    payment: &Payment,
) -> Result<Receipt, Failed> {
    let effect = Effect::new(approach, side, payment);
    let row = sqlx::query(SQL.enter).bind(&effect.receipt).bind(effect.at);
    let row = row.bind(approach.name()).bind(side.name()).bind(&effect.order);
    row.bind(i64::from(effect.cents)).execute(into).await?;
    Ok(effect.into_receipt())
}

pub(super) async fn open(pool: &Pool<Database>, order: &str) -> Result<(), Failed> {
    sqlx::query(SQL.open).bind(order).execute(pool).await?;
    Ok(())
}

pub(super) async fn effects(pool: &Pool<Database>) -> Result<Vec<Effect>, Failed> {
    let rows = "select receipt, at_ms, approach, side, order_number, cents from shop_effects";
    let rows = sqlx::query_as(rows).fetch_all(pool).await?;
    Ok(rows.into_iter().filter_map(of_row).collect())
}

pub(super) async fn make_tables(pool: &Pool<Database>) -> Result<(), Failed> {
    for table in TABLES {
        sqlx::query(table).execute(pool).await?;
    }
    Ok(())
}
