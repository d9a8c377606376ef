//! The handler, the same for each peer.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What a run of the handler does.
#[derive(Clone)]
pub struct Effect {
    noted: Option<(PathBuf, Duration)>,
}

impl Effect {
    pub(crate) fn new(folder: &Path, body: Duration) -> Self {
        Self { noted: Some((folder.join("ledger"), body)) }
    }

    /// A handler that does nothing, for the speed of what is around it.
    pub(crate) const fn none() -> Self {
        Self { noted: None }
    }

    /// Charges an order: notes it in the ledger, and takes its time before it has the receipt.
    ///
    /// # Panics
    ///
    /// If the ledger can't be written: a run that isn't counted makes its peer look better.
    pub async fn charge(&self, order: &str) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let receipt = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        if let Some((ledger, body)) = &self.noted {
            let ledger = OpenOptions::new().create(true).append(true).open(ledger);
            // One write a line, which no other process's can split.
            let written = ledger
                .and_then(|mut file| file.write_all(format!("{order} {receipt}\n").as_bytes()));
            written.expect("the ledger takes a line");
            println!("running {order}");
            tokio::time::sleep(*body).await;
        }
        receipt
    }
}
