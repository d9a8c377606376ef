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
