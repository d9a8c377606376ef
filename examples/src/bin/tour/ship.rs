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
