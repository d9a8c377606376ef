//! How many calls a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{Answer, Effect, Peer};

/// Callers that call one after the other, for as long as `time`; each answer must be a receipt.
pub(crate) async fn measure<P: Peer>(peer: &Arc<P>, kind: &str, callers: usize, time: Duration) {
    static ORDERS: AtomicU64 = AtomicU64::new(0);
    let next = || format!("speed-{}", ORDERS.fetch_add(1, Ordering::Relaxed));
    let repeated = (kind == "duplicate").then(|| (0..callers).map(|_| next()).collect::<Vec<_>>());
    for order in repeated.iter().flatten() {
        call(peer, order).await;
    }
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let peer = peer.clone();
        let mine = repeated.as_ref().map(|orders| orders[caller].clone());
        running.spawn(async move {
            let mut calls = 0_u64;
            while begun.elapsed() < time {
                match &mine {
                    Some(order) => call(&peer, order).await,
                    None => call(&peer, &next()).await,
                }
                calls += 1;
            }
            calls
        });
    }
    let calls: u64 = running.join_all().await.iter().sum();
    println!("calls {calls} {}", begun.elapsed().as_millis());
}

async fn call<P: Peer>(peer: &Arc<P>, order: &str) {
    match peer.charge(order, Effect::none()).await {
        Answer::Receipt(_) => {}
        Answer::InFlight => panic!("{order} is in flight, and there is one caller"),
        Answer::Failed(reason) => panic!("{order}: {reason}"),
    }
}
