//! The README's code, as a program: `cargo run -p examples --bin tour`.
//!
//! A test holds the README and the guide to it, so that what they show compiles and runs.

use idem::Idem;

mod charge {
    use super::gateway;
    use idem::idempotent;

    pub(crate) struct User {
        pub(crate) id: u64,
    }

    pub(crate) struct Order {
        pub(crate) number: String,
        pub(crate) total: u64,
    }

    pub(crate) use super::gateway::{PayError, Receipt};

    #[idempotent(key = "charge:{user.id}:{order.number}", strategy = "setnx", on_err = "hold")]
    async fn charge(user: &User, order: &Order) -> Result<Receipt, PayError> {
        let key = idem::attempt().downstream_key("capture"); // the same for every attempt: the provider dedupes on it
        gateway::charge(order.total, key).await              // runs once; duplicates get the stored Receipt
    }

    pub(crate) async fn twice() -> Result<(Receipt, Receipt), PayError> {
        let user = User { id: 42 };
        let order = Order { number: "A-1".into(), total: 1200 };
        Ok((charge(&user, &order).await?, charge(&user, &order).await?))
    }
}
