//! What time it is for tokens.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time since 1970 by this machine's clock, moved by as much as tokio's clock was: a test that
/// pauses it and advances it sees tokens expire together with leases and records.
///
/// Outside of such a test the two are one clock, and the difference is that of two readings.
pub(super) fn now() -> Duration {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let real = Instant::now();
    let tokio = tokio::time::Instant::now().into_std();
    match tokio.checked_duration_since(real) {
        Some(ahead) => since_1970 + ahead,
        None => since_1970.saturating_sub(real.duration_since(tokio)),
    }
}
