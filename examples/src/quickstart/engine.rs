//! Where the claims are kept.

use idem::{Error, Idem};

/// In this process: gone with it, and seen by nobody else.
pub(super) fn in_memory() -> Idem {
    Idem::in_memory()
}

/// In a Redis that several processes share. The prefix keeps a run's keys from those of the run
/// before, whose events are the same.
///
/// # Errors
///
/// The server can't be reached, or would not keep claims.
pub(super) async fn over_redis(url: &str, prefix: &str) -> Result<Idem, Error> {
    Idem::builder().redis(url).prefix(prefix).build().await
}
