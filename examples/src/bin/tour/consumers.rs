use std::time::Duration;

use idem::{Delivery, idempotent};

use crate::gateway;

pub struct Message {
    pub id: String,
    pub cents: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    #[error("the order is void")]
    Void,
    #[error("the provider did not answer")]
    Unreachable,
    #[error(transparent)]
    Idem(#[from] idem::Error),
}

#[idempotent(key = "charge_for:{message.id}", strategy = "setnx", ttl = "14d", fingerprint(message.cents))]
async fn charge(message: &Message) -> Result<(), ChargeError> {
    if message.cents == 0 {
        return Err(ChargeError::Void);
    }
    let key = idem::attempt().downstream_key("charge"); // the same if a process dies on the next line
    gateway::charge(message.cents, key).await.map_err(|_| ChargeError::Unreachable)?;
    Ok(())
}

impl ChargeError {
    fn delivery(&self) -> Delivery {
        match self {
            Self::Void => Delivery::DeadLetter,
            Self::Unreachable => Delivery::Requeue { after: Duration::from_secs(5) },
            Self::Idem(error) => error.delivery(),
        }
    }
}

/// What a broker's client gives, by whatever names.
struct Received {
    message: Message,
    told: Vec<Delivery>,
}

impl Received {
    async fn tell(&mut self, delivery: Delivery) {
        self.told.push(delivery);
        tokio::task::yield_now().await;
    }

    async fn acknowledge(&mut self) {
        self.tell(Delivery::Ack).await;
    }

    async fn come_again(&mut self, after: Duration) {
        self.tell(Delivery::Requeue { after }).await;
    }

    async fn put_aside(&mut self) {
        self.tell(Delivery::DeadLetter).await;
    }
}

#[rustfmt::skip]
async fn receive(received: &mut Received) {
    let charged = charge(&received.message).await;
    match charged.map_or_else(|error| error.delivery(), |()| Delivery::Ack) {
        Delivery::Ack => received.acknowledge().await,                   // done, now or before
        Delivery::Requeue { after } => received.come_again(after).await, // in flight, or an outage
        _ => received.put_aside().await,                                 // it will never succeed
    }
}

/// Each message as a broker would deliver it, twice.
pub async fn receive_all() {
    for (id, cents) in [("m-1", 1200), ("m-1", 9900), ("m-2", 0)] {
        let message = Message { id: id.to_owned(), cents };
        let mut received = Received { message, told: Vec::new() };
        receive(&mut received).await;
        receive(&mut received).await;
        println!("message {id}, {cents} cents: {:?}", received.told);
    }
}
