//! Why a run failed.

use std::io;

/// A failed run, in words for the one who started it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{name} can't be read: {source}")]
    Read { name: String, source: io::Error },

    #[error("the ledger in the temporary folder can't be used: {0}")]
    Ledger(#[source] io::Error),

    #[error("{0}")]
    Engine(#[from] idem::Error),

    #[error("a worker process can't be started: {0}")]
    Start(#[source] io::Error),

    #[error("{0}")]
    Worker(String),

    #[error("the report can't be written: {0}")]
    Write(#[source] io::Error),
}
