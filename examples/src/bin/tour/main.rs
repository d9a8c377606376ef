//! The code of the README and of the guide, as a program that runs:
//! `cargo run -p examples --bin tour`.
//!
//! A test holds the papers to it, so that what they show compiles and does what they say.

#![expect(unreachable_pub, reason = "the code stands as it would in a crate of the reader's")]

mod charge;
mod consumers;
mod database;
mod engine;
mod errors;
#[cfg(test)]
mod explored;
mod forms;
mod gateway;
mod http;
mod pay;
mod payout;
mod ship;
mod states;
mod tokens;
mod transactions;

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
    forms::show(idem::Idem::in_memory()).await?;

    consumers::receive_all().await;

    errors::with_a_box(1).await?;
    errors::with_an_enum(1).await?;
    errors::with_a_function(1).await?;
    Ok(())
}
