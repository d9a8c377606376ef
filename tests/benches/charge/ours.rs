use idem::{Error, Idem, idempotent};

use super::{Guard, Receipt, body};

/// The library, as people use it.
#[derive(Debug, Clone)]
pub(crate) struct Ours(pub(crate) Idem);

impl Ours {
    #[idempotent(key = "charge:{order}", strategy = "setnx", engine = self.0)]
    async fn guarded(&self, order: u64) -> Result<Receipt, Error> {
        Ok(body(order).await)
    }
}

impl Guard for Ours {
    async fn charge(&self, order: u64) -> Receipt {
        self.guarded(order).await.expect("nobody else has the key")
    }
}

/// The same, counted.
#[derive(Debug, Clone)]
pub(crate) struct OursCounted(pub(crate) Idem);

impl OursCounted {
    #[idempotent(key = "counted:{order}", strategy = "count", engine = self.0)]
    async fn guarded(&self, order: u64) -> Result<Receipt, Error> {
        Ok(body(order).await)
    }
}

impl Guard for OursCounted {
    async fn charge(&self, order: u64) -> Receipt {
        self.guarded(order).await.expect("nobody else has the key")
    }
}
