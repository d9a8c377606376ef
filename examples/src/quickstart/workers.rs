//! Workers that are tasks of this process.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::answer::{self, Answer};
use super::broker::Broker;
use super::delivery::Event;
use super::handler;
use super::provider::Provider;

/// Whether the handler is protected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    Bare,
    Guarded,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Guarded => "guarded",
        }
    }

    async fn handle(self, provider: &Provider, event: &Event) -> Answer {
        match self {
            Self::Bare => answer::bare(provider, event).await,
            Self::Guarded => answer::guarded(handler::durable(provider, event)).await,
        }
    }
}

/// Handles all that the broker has, `workers` deliveries at a time.
pub(super) async fn run(mode: Mode, workers: u16, broker: &Arc<Broker>, provider: &Arc<Provider>) {
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let (broker, provider) = (Arc::clone(broker), Arc::clone(provider));
        tasks.spawn(async move {
            while let Some(parcel) = broker.next().await {
                let answer = mode.handle(&provider, &parcel.delivery.event).await;
                broker.answer(parcel, answer);
            }
        });
    }
    tasks.join_all().await;
}
