//! The service: an ordinary one of tonic, around one guarded function.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use idem::{IdempotencyKey, idempotent};
use tonic::{Request, Response, Status};

use crate::wire::{Payment, Payments, Receipt};

#[derive(Clone, Default)]
pub(crate) struct Till {
    paid: Arc<AtomicU64>,
}

impl Till {
    pub(crate) fn payments(&self) -> u64 {
        self.paid.load(Ordering::SeqCst)
    }

    #[idempotent(key = "pay:{user}:{key}", strategy = "setnx", fingerprint(payment), wait = "5s")]
    async fn charge(
        &self,
        user: &str,
        key: &IdempotencyKey,
        payment: &Payment,
    ) -> Result<Receipt, Status> {
        let number = self.paid.fetch_add(1, Ordering::SeqCst) + 1; // here the money would move
        tokio::time::sleep(Duration::from_millis(400)).await; // and the bank takes its time
        Ok(Receipt { number, amount: payment.amount })
    }
}

#[tonic::async_trait]
impl Payments for Till {
    async fn pay(&self, request: Request<Payment>) -> Result<Response<Receipt>, Status> {
        let user = user(&request)?; // whoever your authentication found
        let key = IdempotencyKey::try_from(&request)?; // the metadata `idempotency-key`
        let receipt = self.charge(&user, &key, request.get_ref()).await?;
        Ok(Response::new(receipt))
    }
}

/// Who asks. A service looks the bearer up; here it is the name.
fn user(request: &Request<Payment>) -> Result<String, Status> {
    let bearer = request.metadata().get("authorization").and_then(|line| line.to_str().ok());
    let user = bearer.and_then(|line| line.strip_prefix("Bearer "));
    user.map(str::to_owned).ok_or_else(|| Status::unauthenticated("a bearer is missing"))
}
