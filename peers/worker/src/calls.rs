//! A caller, who asks until there is an answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Answer, Effect, Peer};

/// When a caller asks again who was told that the order is running, or that something failed.
const AGAIN: Duration = Duration::from_millis(50);
/// When it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn ask<P: Peer>(peer: Arc<P>, order: String, effect: Effect) {
    let begun = Instant::now();
    let (mut asks, mut faults) = (0, 0);
    loop {
        asks += 1;
        match peer.charge(&order, effect.clone()).await {
            Answer::Receipt(receipt) => {
                return println!("told {order} {receipt} {asks} {faults}");
            }
            Answer::InFlight => {}
            Answer::Failed(reason) => {
                faults += 1;
                eprintln!("{order}: {reason}");
            }
        }
        if begun.elapsed() > PATIENCE {
            return println!("lost {order} {asks} {faults}");
        }
        sleep(AGAIN).await;
    }
}
