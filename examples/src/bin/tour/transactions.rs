use std::time::Duration;

use idem::idempotent;
use sqlx::Connection;
use sqlx::PgTransaction;
use tokio::time::timeout;

#[derive(Debug, thiserror::Error)]
pub enum BankError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    Idem(#[from] idem::Error),
}

#[idempotent(key = "transfer:{id}", strategy = "db", tx = tx, ttl = "30d", fingerprint(from, to, cents))]
pub async fn transfer(
    tx: &mut PgTransaction<'_>,
    id: &str,
    from: i64,
    to: i64,
    cents: i64,
) -> Result<i64, BankError> {
    for (account, change) in [(from, -cents), (to, cents)] {
        sqlx::query("update accounts set cents = cents + $1 where id = $2")
            .bind(change)
            .bind(account)
            .execute(&mut **tx)
            .await?;
    }
    Ok(cents)
}

#[rustfmt::skip]
pub async fn once(pool: &sqlx::PgPool) -> Result<(), BankError> {
    let mut tx = pool.begin().await?;
    transfer(&mut tx, "4711", 1, 2, 500).await?;
    tx.commit().await?; // all of it, or nothing
    Ok(())
}

#[rustfmt::skip]
pub async fn until_committed(pool: &sqlx::PgPool) -> Result<(), BankError> {
    loop {
        let mut tx = pool.begin().await?;
        match transfer(&mut tx, "4711", 1, 2, 500).await {
            Err(BankError::Idem(error)) if error.code() == "conflict" => {} // dropped, and so rolled back
            answer => {
                answer?;
                break tx.commit().await?;
            }
        }
    }
    Ok(())
}

pub async fn in_five_seconds(pool: &sqlx::PgPool) -> Result<(), BankError> {
    let mut connection = pool.acquire().await?;
    let transferred = timeout(Duration::from_secs(5), async {
        let mut tx = connection.begin().await?;
        let cents = transfer(&mut tx, "4711", 1, 2, 500).await?;
        tx.commit().await?;
        Ok::<_, BankError>(cents)
    })
    .await;
    if transferred.is_err() {
        connection.close_on_drop();
    }
    Ok(())
}

#[rustfmt::skip]
#[idempotent(key = "order:{number}", strategy = "db", tx = tx)]
pub async fn order(tx: &mut PgTransaction<'_>, number: i64) -> Result<i64, BankError> {
    sqlx::query("insert into orders (number) values ($1)").bind(number).execute(&mut **tx).await?;
    sqlx::query("insert into outbox (topic, payload) values ('ordered', $1)")
        .bind(number.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(number)
}

mod broker {
    pub(super) async fn send(_id: i64, _payload: &str) -> Result<(), sqlx::Error> {
        std::future::ready(Ok(())).await
    }
}

#[rustfmt::skip]
pub async fn send(pool: &sqlx::PgPool) -> Result<(), BankError> {
    // The sender, in a loop: each message is locked while it is sent, and deleted when it was.
    let mut tx = pool.begin().await?;
    let next = "select id, payload from outbox order by id limit 1 for update skip locked";
    if let Some((id, payload)) = sqlx::query_as::<_, (i64, String)>(next).fetch_optional(&mut *tx).await? {
        broker::send(id, &payload).await?; // at least once: the id lets the receiver tell
        sqlx::query("delete from outbox where id = $1").bind(id).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

const TABLES: &str = "
    create table if not exists accounts (id bigint primary key, cents bigint not null);
    create table if not exists orders (number bigint primary key);
    create table if not exists outbox (
        id bigint generated always as identity primary key, topic text, payload text);
    insert into accounts values (1, 1000), (2, 0) on conflict do nothing";

pub async fn tour(pool: &sqlx::PgPool) -> Result<(), BankError> {
    sqlx::raw_sql(TABLES).execute(pool).await?;
    once(pool).await?;
    until_committed(pool).await?; // not run: it is the same transfer
    in_five_seconds(pool).await?; // nor here
    let mut tx = pool.begin().await?;
    order(&mut tx, 7).await?;
    tx.commit().await?;
    send(pool).await?;
    let left = "select cents from accounts where id = 1";
    let left: i64 = sqlx::query_scalar(left).fetch_one(pool).await?;
    println!("account 1 has {left} cents, however often the tour is made");
    Ok(())
}
