//! `idem`: the attribute, with its renewal and its wait.

use std::path::Path;

use idem::{Idem, idempotent};
use worker::{Answer, Effect, Peer};

struct Ours {
    idem: Idem,
}

#[idempotent(key = "charge:{order}", strategy = "setnx", lease = "2s", wait = "10s", engine = idem)]
async fn charge(idem: &Idem, order: &str, effect: Effect) -> Result<String, idem::Error> {
    Ok(effect.charge(order).await)
}

impl Peer for Ours {
    async fn connect(url: &str, _: &Path) -> Self {
        let idem = Idem::builder().redis(url).prefix("peers").build().await;
        Self { idem: idem.expect("the server answers") }
    }

    async fn charge(&self, order: &str, effect: Effect) -> Answer {
        match charge(&self.idem, order, effect).await {
            Ok(receipt) => Answer::Receipt(receipt),
            Err(idem::Error::InFlight { .. }) => Answer::InFlight,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

fn main() {
    worker::main::<Ours>();
}
