//! The code of the README and of the guide, as a program that runs:
//! `cargo run -p examples --bin tour`.
//!
//! A test holds the papers to it, so that what they show compiles and does what they say.

#![expect(unreachable_pub, reason = "the code stands as it would in a crate of the reader's")]

mod charge {
    use idem::idempotent;

    use crate::gateway::{self, PayError, Receipt};

    pub struct User {
        pub id: u64,
    }

    pub struct Order {
        pub number: String,
        pub total: u64,
    }

    #[idempotent(key = "charge:{user.id}:{order.number}", strategy = "setnx", on_err = "hold")]
    pub async fn charge(user: &User, order: &Order) -> Result<Receipt, PayError> {
        let key = idem::attempt().downstream_key("capture"); // the same for every attempt: the provider dedupes on it
        gateway::charge(order.total, key).await // runs once; duplicates get the stored Receipt
    }
}

mod ship {
    use idem::idempotent;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Label {
        number: u32,
    }

    #[derive(Debug, thiserror::Error)]
    pub enum ShipError {
        #[error("no such order")]
        NoSuchOrder,
        #[error(transparent)]
        Idem(#[from] idem::Error),
    }

    #[idempotent(key = "ship:{order}", strategy = "setnx", ttl = "7d", wait = "2s")]
    pub async fn ship(order: u32) -> Result<Label, ShipError> {
        if order == 0 {
            return Err(ShipError::NoSuchOrder); // the key is free again
        }
        Ok(Label { number: order * 10 })
    }

    #[rustfmt::skip]
    pub async fn twice() -> Result<(), ShipError> {
        use idem::Idem;
        let idem = Idem::in_memory();
        let first = idem.scope(ship(7)).await?;
        let again = idem.scope(ship(7)).await?; // not run: the first call's label
        assert_eq!(first, again);
        Ok(())
    }
}

mod pay {
    use idem::{OnErr, idempotent};

    use crate::gateway::{self, Receipt};

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by `Debug` alone")]
    pub enum PayError {
        Declined,
        TimedOut,
        Idem(idem::Error),
    }

    impl From<idem::Error> for PayError {
        fn from(error: idem::Error) -> Self {
            Self::Idem(error)
        }
    }

    impl From<gateway::PayError> for PayError {
        fn from(_: gateway::PayError) -> Self {
            Self::TimedOut
        }
    }

    fn policy(error: &PayError) -> OnErr {
        match error {
            PayError::Declined => OnErr::Release,
            PayError::TimedOut | PayError::Idem(_) => OnErr::Hold,
        }
    }

    #[idempotent(key = "pay:{order}", strategy = "setnx", ttl = "7d", on_err = policy, fingerprint(amount))]
    pub async fn pay(order: u64, amount: u64) -> Result<Receipt, PayError> {
        if amount == 0 {
            return Err(PayError::Declined);
        }
        Ok(gateway::charge(amount, idem::attempt().downstream_key("charge")).await?)
    }
}

mod payout {
    use idem::idempotent;

    use crate::gateway::{self, PayError, Receipt};

    #[idempotent(key = "payout:{order}", strategy = "count", ttl = "30d", fingerprint(cents))]
    pub async fn payout(order: u64, cents: u64) -> Result<Receipt, PayError> {
        gateway::charge(cents, idem::attempt().downstream_key("payout")).await // once, or a person is asked
    }
}

mod errors {
    use idem::idempotent;

    // `anyhow`, `eyre` and `Box<dyn Error + Send + Sync>` take it by themselves:
    #[idempotent(key = "mail:{id}", strategy = "setnx")]
    pub async fn with_a_box(id: u32) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    // An enum by one variant:
    #[derive(Debug, thiserror::Error)]
    pub enum MailError {
        #[error(transparent)]
        Idem(#[from] idem::Error),
    }

    #[idempotent(key = "news:{id}", strategy = "setnx")]
    pub async fn with_an_enum(id: u32) -> Result<(), MailError> {
        Ok(())
    }

    // A type that isn't yours by a function:
    fn to_io(error: idem::Error) -> std::io::Error {
        std::io::Error::other(error)
    }

    #[idempotent(key = "file:{id}", strategy = "setnx", map_err = to_io)]
    pub async fn with_a_function(id: u32) -> std::io::Result<()> {
        Ok(())
    }
}

mod engine {
    #[rustfmt::skip]
    pub async fn install() -> Result<(), idem::Error> {
        let idem = idem::Idem::builder()
            .redis("redis://127.0.0.1/")
            .prefix("shop")
            .build()
            .await?;
        idem.install()?;
        Ok(())
    }
}

mod database {
    use idem::idempotent;
    use serde::{Deserialize, Serialize};

    #[rustfmt::skip]
    pub async fn install() -> Result<(), idem::Error> {
        let idem = idem::Idem::builder()
            .database("postgres://localhost/shop")
            .table("shop.idem_records") // `idem_records` unless set
            .build()
            .await?;
        idem.migrate().await?; // makes the table; from as many processes at once as start
        idem.install()?;
        Ok(())
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Invoice {
        number: u64,
    }

    #[idempotent(key = "invoice:{order}", strategy = "db", ttl = "30d")]
    pub async fn invoice(order: u64) -> Result<Invoice, idem::Error> {
        Ok(Invoice { number: order + 1000 })
    }
}

mod http {
    use axum::extract::{Extension, State};
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    use axum::routing::post;
    use axum::{Json, Router};
    use idem::{Idem, IdempotencyKey, OnErr, idempotent};
    use serde::{Deserialize, Serialize};

    #[derive(Clone)]
    pub struct User {
        id: u64,
    }

    #[derive(Clone)]
    pub struct App {
        idem: Idem,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Pay {
        account: String,
        amount: u64,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Receipt {
        amount: u64,
    }

    #[idempotent(key = "pay:{user.id}:{key}", strategy = "setnx", engine = app.idem, fingerprint(pay))]
    pub async fn pay(
        State(app): State<App>,
        Extension(user): Extension<User>, // whoever your authentication found
        key: IdempotencyKey,              // the header `Idempotency-Key`
        Json(pay): Json<Pay>,
    ) -> Result<(StatusCode, Json<Receipt>), idem::Error> {
        // Runs once; duplicates get the stored receipt.
        Ok((StatusCode::CREATED, Json(Receipt { amount: pay.amount })))
    }

    pub fn router(idem: Idem) -> Router {
        Router::new().route("/pay", post(pay)).layer(idem.layer()).with_state(App { idem })
    }

    fn on_err(response: &Response) -> OnErr {
        match response.status().as_u16() {
            404 | 503 => OnErr::Release, // another answer may come later
            500 => OnErr::Hold,          // what happened is unknown
            _ => OnErr::Store,
        }
    }

    #[idempotent(key = "refund:{user.id}:{key}", strategy = "setnx", fingerprint = "off", on_err = on_err)]
    pub async fn refund(Extension(user): Extension<User>, key: IdempotencyKey) -> Response {
        (StatusCode::ACCEPTED, "on its way").into_response()
    }

    /// Calls the handlers as axum would.
    pub async fn show(idem: Idem) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        drop(router(idem.clone()));
        let key: IdempotencyKey = "8e03978e".parse()?;
        let user = User { id: 42 };
        for _ in 0..2 {
            let (app, pays) = (State(App { idem: idem.clone() }), Extension(user.clone()));
            let order = Json(Pay { account: "a".to_owned(), amount: 500 });
            let (status, Json(receipt)) = pay(app, pays, key.clone(), order).await?;
            println!("http:   {status}, {} paid", receipt.amount);
        }
        let refunded = idem.scope(refund(Extension(user), key)).await;
        println!("http:   {}", refunded.status());
        Ok(())
    }
}

mod tokens {
    use std::time::Duration;

    use idem::{Idem, Token, TokenKey, idempotent};

    use crate::charge::User;
    use crate::gateway::{self, PayError, Receipt};

    type Cents = u64;

    #[rustfmt::skip]
    pub async fn install() -> Result<Idem, Box<dyn std::error::Error + Send + Sync>> {
        let idem = idem::Idem::builder()
            .redis("redis://127.0.0.1/")
            .token_secret(std::fs::read("/run/secrets/idem-token")?) // 32 random bytes, the same in every process
            .build()
            .await?;
        Ok(idem)
    }

    #[rustfmt::skip]
    pub async fn with_keys(seed: [u8; 32], secret: [u8; 32]) -> Result<Idem, idem::Error> {
        let keys = [
            TokenKey::ed25519("2026-11", &seed), // the first signs
            TokenKey::hs256("2026-05", secret),  // all verify what they have signed
        ];
        let idem = Idem::builder().memory().token_keys(keys).build().await?;
        Ok(idem)
    }

    /// With the page that shows the form.
    pub fn form_token(idem: &Idem, user: &User) -> Result<Token, idem::Error> {
        idem.issue_token(&idem::key!("pay:{user.id}"), Duration::from_mins(15))
    }

    #[idempotent(strategy = "token", key = "pay:{user.id}", token = token, fingerprint(amount))]
    pub async fn pay(user: &User, token: Token, amount: Cents) -> Result<Receipt, PayError> {
        gateway::charge(amount, idem::attempt().downstream_key("charge")).await
    }
}

mod transactions {
    use idem::idempotent;
    use sqlx::PgTransaction;

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
        let mut tx = pool.begin().await?;
        order(&mut tx, 7).await?;
        tx.commit().await?;
        send(pool).await?;
        let left = "select cents from accounts where id = 1";
        let left: i64 = sqlx::query_scalar(left).fetch_one(pool).await?;
        println!("account 1 has {left} cents, however often the tour is made");
        Ok(())
    }
}

mod states {
    use std::path::Path;

    use idem::{StateMachine, idempotent};
    use sqlx::{Sqlite, SqlitePool, Transaction};

    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    pub struct Receipt {
        order_id: i64,
    }

    pub type OrderError = Box<dyn std::error::Error + Send + Sync>;

    #[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
    #[state(table = "orders", id = "id", column = "status")]
    pub enum OrderStatus {
        #[state(to(Paid, Cancelled))]
        Pending,
        #[state(to(Shipped, Refunded))]
        Paid,
        Shipped,
        Refunded,
        Cancelled,
    }

    #[idempotent(
        strategy = "state",
        key = "pay_order:{callback}:{order_id}",
        transition = OrderStatus::Pending => OrderStatus::Paid,
        entity = order_id,
        tx = tx
    )]
    pub async fn pay_order(
        tx: &mut Transaction<'_, Sqlite>,
        callback: &str,
        order_id: i64,
    ) -> Result<Receipt, OrderError> {
        let receipt = Receipt { order_id };
        Ok(receipt) // stored and committed with the transition, or not at all
    }

    /// Two callbacks of a provider, the first of them twice, for a new order in the engine's file.
    pub async fn callbacks(folder: &Path) -> Result<(), OrderError> {
        let file = format!("sqlite:{}", folder.join("idem.sqlite").display());
        let pool = SqlitePool::connect(&file).await?;
        let table = "create table if not exists orders (id integer primary key, status text)";
        sqlx::raw_sql(table).execute(&pool).await?;
        let order = "insert into orders (status) values ('pending') returning id";
        let order = sqlx::query_scalar(order).fetch_one(&pool).await?;
        for callback in ["first", "first", "second"] {
            // SQLite has one writer: a transaction that will write says so when it begins.
            let mut tx = pool.begin_with("begin immediate").await?;
            let answer = pay_order(&mut tx, &format!("{callback} of {order}"), order).await;
            tx.commit().await?;
            println!("state:  {answer:?}");
        }
        assert!(include_str!("../../../README.md").contains(OrderStatus::diagram()));
        Ok(())
    }
}

/// A payment provider that dedupes on the key that it is given.
mod gateway {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex};

    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct Receipt {
        id: usize,
    }

    #[derive(Debug)]
    pub struct PayError;

    impl From<idem::Error> for PayError {
        fn from(_: idem::Error) -> Self {
            Self
        }
    }

    static CHARGES: LazyLock<Mutex<HashMap<String, Receipt>>> = LazyLock::new(Mutex::default);

    #[expect(clippy::unused_async, reason = "a real one is")]
    pub async fn charge(_amount: u64, key: String) -> Result<Receipt, PayError> {
        let mut charges = CHARGES.lock().map_err(|_| PayError)?;
        let id = charges.len();
        Ok(charges.entry(key).or_insert(Receipt { id }).clone())
    }

    pub fn charges() -> usize {
        CHARGES.lock().map_or(0, |charges| charges.len())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // With a word for a server, the engine that the papers install; else one that needs none.
    match std::env::args().nth(1).as_deref() {
        Some("--redis") => engine::install().await?,
        Some("--database") => {
            database::install().await?;
            println!("invoice: {:?}", database::invoice(7).await?);
            transactions::tour(&sqlx::PgPool::connect("postgres://localhost/shop").await?).await?;
            return Ok(());
        }
        _ => {
            let folder = std::env::temp_dir().join("idem-tour");
            idem::Idem::embedded(&folder).await?.install()?;
            states::callbacks(&folder).await?;
        }
    }

    let user = charge::User { id: 42 };
    let order = charge::Order { number: "A-1".into(), total: 1200 };
    for _ in 0..3 {
        let receipt = charge::charge(&user, &order).await.map_err(|error| format!("{error:?}"))?;
        println!("charge: {receipt:?}, {} at the provider", gateway::charges());
    }

    ship::twice().await?;
    println!("ship:   {}", ship::ship(0).await.expect_err("there is no such order"));

    pay::pay(1, 500).await.map_err(|error| format!("{error:?}"))?;
    let other_amount = pay::pay(1, 600).await.expect_err("the key was used for 500");
    println!("pay:    {other_amount:?}");

    let paid = payout::payout(1, 900).await.map_err(|error| format!("{error:?}"))?;
    println!("payout: {paid:?}");

    if let Ok(invoice) = database::invoice(7).await {
        println!("invoice: {invoice:?}, also when the tour is made again");
    }

    let idem = match std::env::args().nth(1).as_deref() {
        Some("--redis") => tokens::install().await?,
        _ => tokens::with_keys([7; 32], [8; 32]).await?,
    };
    let token = tokens::form_token(&idem, &user)?;
    for _ in 0..2 {
        let paid = idem.scope(tokens::pay(&user, token.clone(), 500)).await;
        println!("token:  {:?}", paid.map_err(|error| format!("{error:?}"))?);
    }

    http::show(idem::Idem::in_memory()).await?;

    errors::with_a_box(1).await?;
    errors::with_an_enum(1).await?;
    errors::with_a_function(1).await?;
    Ok(())
}

/// What `docs/guide/testing.md` shows: a handler that fails, and is mended.
#[cfg(test)]
mod explored {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::time::Duration;

    use idem::{Error, idempotent};

    /// A provider as a test has it: it charges, and dedupes on a key where it is given one.
    #[derive(Default)]
    struct FakeBank {
        keys: Mutex<HashSet<String>>,
        charges: Mutex<u32>,
    }

    impl FakeBank {
        async fn charge(&self, key: Option<String>) {
            tokio::time::sleep(Duration::from_millis(80)).await; // the way there
            let known = key.is_some_and(|key| !self.keys.lock().unwrap().insert(key));
            if !known {
                *self.charges.lock().unwrap() += 1;
            }
        }

        fn charges(&self) -> u32 {
            *self.charges.lock().unwrap()
        }
    }

    mod first {
        use super::*;

        #[idempotent(key = "charge:{order}", strategy = "setnx")]
        async fn charge(order: u32, bank: &FakeBank) -> Result<u32, Error> {
            bank.charge(None).await;
            Ok(order)
        }

        #[tokio::test]
        #[should_panic(
            expected = "the process is killed after the body, before its result is stored"
        )]
        async fn charging_survives_everything() {
            idem::testing::explore(|world| async move {
                let bank = FakeBank::default();
                world.deliver(|| charge(7, &bank)).await.unwrap();
                assert_eq!(bank.charges(), 1, "{world}");
            })
            .await;
        }
    }

    mod mended {
        use super::*;

        #[idempotent(key = "charge:{order}", strategy = "setnx")]
        async fn charge(order: u32, bank: &FakeBank) -> Result<u32, Error> {
            let key = idem::attempt().downstream_key("charge");
            bank.charge(Some(key)).await;
            Ok(order)
        }

        #[tokio::test]
        async fn charging_survives_everything() {
            idem::testing::explore(|world| async move {
                let bank = FakeBank::default();
                world.deliver(|| charge(7, &bank)).await.unwrap();
                assert_eq!(bank.charges(), 1, "{world}");
            })
            .await;
        }
    }
}
