//! Why a run failed.

use std::io;
use std::path::PathBuf;

/// A failed run, in words for the one who started it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{name} can't be read: {source}")]
    Read { name: String, source: io::Error },

    #[error("the folder {} can't be used: {source}; `--folder` names another", .path.display())]
    Folder { path: PathBuf, source: io::Error },

    #[error("there is no home folder to remember anything in: name a folder by `--folder`")]
    Homeless,

    #[error("another quickstart works in {}: `--forget` when it has ended", .path.display())]
    Busy { path: PathBuf },

    #[error("the temporary folder {} can't be made: {source}", .path.display())]
    Temporary { path: PathBuf, source: io::Error },

    #[error("the ledger {} can't be used: {source}", .path.display())]
    Ledger { path: PathBuf, source: io::Error },

    #[error("the claims in {} can't be used: {source}", .path.display())]
    Claims { path: PathBuf, source: idem::Error },

    #[error("{0}")]
    Engine(#[from] idem::Error),

    #[error("a worker process can't be started: {0}")]
    Start(#[source] io::Error),

    #[error("{0}")]
    Worker(String),

    #[error("the report can't be written: {0}")]
    Write(#[source] io::Error),
}
