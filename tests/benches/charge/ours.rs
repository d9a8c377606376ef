use idem::{Error, Idem, Key, Plan};

use super::{Guard, Receipt, body};

pub(crate) const PLAN: Plan = Plan::setnx();

/// The library: what `#[idempotent(key = "charge:{order}", strategy = "setnx")]` expands to.
#[derive(Debug, Clone)]
pub(crate) struct Ours(pub(crate) Idem);

/// What `idem::key!("charge:{order}")` expands to.
pub(crate) fn key(order: u64) -> Key {
    idem::__private::KeyWriter::new("charge").value("order", &order).finish()
}

impl Guard for Ours {
    async fn charge(&self, order: u64) -> Receipt {
        let body = async { Ok::<_, Error>(body(order).await) };
        self.0.call(&PLAN, key(order), body).await.expect("nobody else has the key")
    }
}
