//! Where the claims are kept.

use std::path::Path;

use idem::{Error, Idem};

/// In an SQLite file of this folder, which the next run finds again. No server.
///
/// # Errors
///
/// The file can't be written.
pub(super) async fn in_folder(folder: &Path) -> Result<Idem, Error> {
    Idem::embedded(folder).await
}

/// In a Redis that several processes share. The prefix keeps a run's keys from those of the run
/// before, whose events are the same.
///
/// # Errors
///
/// The server can't be reached, or would not keep claims.
pub(super) async fn over_redis(url: &str, run: &str) -> Result<Idem, Error> {
    Idem::builder().redis(url).prefix(format!("quickstart-{run}")).build().await
}
