//! The process that is killed: it makes every transfer, several at once, each at least twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Fault;
use super::books::Bank;
use super::transfer::Transfer;

/// How many deliveries are made at once.
const DELIVERIES: usize = 8;
/// How often each transfer comes.
const TIMES: usize = 2;
/// How often a delivery that got no answer is made again before the teller gives up.
const TRIES: u32 = 500;

pub(crate) async fn work(bank: &Bank, transfers: &[Transfer]) -> Result<(), Fault> {
    let transfers: Arc<[Transfer]> = transfers.into();
    let mut lanes = JoinSet::new();
    for lane in 0..DELIVERIES {
        let (bank, transfers) = (bank.clone(), Arc::clone(&transfers));
        lanes.spawn(async move {
            // Neighbours in the queue are the same transfer, and are delivered at once.
            for delivery in (lane..transfers.len() * TIMES).step_by(DELIVERIES) {
                let transfer = &transfers[delivery / TIMES];
                deliver(&bank, transfer).await?;
                println!("{}", transfer.id);
            }
            Ok::<_, Fault>(())
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane??;
    }
    Ok(())
}

/// As a broker does: until there is an answer.
async fn deliver(bank: &Bank, transfer: &Transfer) -> Result<(), Fault> {
    let mut last = None;
    for _ in 0..TRIES {
        match bank.make(transfer).await {
            Ok(()) => return Ok(()),
            // In flight, lost to another transaction, or the file was locked: all of it again.
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err(last.map_or_else(|| "nothing was tried".into(), Into::into))
}
