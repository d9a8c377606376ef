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
