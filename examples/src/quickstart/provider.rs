//! The payment provider, simulated: it answers after a few milliseconds, and books in the ledger.

use std::future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task;
use tokio::time;

use super::delivery::Event;
use super::ledger::{Ledger, Posting};

/// A connection to the provider.
#[derive(Debug)]
pub(super) struct Provider {
    ledger: Arc<Ledger>,
    stall: Option<Stall>,
}

/// An answer that never arrives: the money has moved, and the caller doesn't know.
#[derive(Debug)]
pub(super) struct Stall {
    pub(super) event: String,
    /// Is told when the caller hangs.
    pub(super) tell: UnboundedSender<String>,
}

impl Provider {
    pub(super) fn new(ledger: Arc<Ledger>, stall: Option<Stall>) -> Self {
        Self { ledger, stall }
    }

    /// Moves the event's money and answers with a receipt. A key that was sent before moves
    /// nothing and gets the receipt of the first time.
    ///
    /// # Errors
    ///
    /// The provider can't be reached.
    pub(super) async fn post(&self, event: &Event, key: Option<String>) -> io::Result<String> {
        let one_way = Duration::from_millis(1 + event.amount % 4);
        time::sleep(one_way).await;
        let (ledger, booked) = (self.ledger.clone(), event.clone());
        let posting = task::spawn_blocking(move || ledger.post(&booked, key)).await??;
        self.stall(&posting).await;
        time::sleep(one_way).await;
        Ok(posting.receipt)
    }

    async fn stall(&self, posting: &Posting) {
        if let Some(stall) = &self.stall
            && posting.moved
            && posting.event == stall.event
            && stall.tell.send(posting.event.clone()).is_ok()
        {
            future::pending::<()>().await;
        }
    }
}
