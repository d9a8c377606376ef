//! What an engine is made of: what the builder sets, and the defaults.

#[cfg(feature = "_sql")]
use std::time::Duration;

use crate::record::LONGEST_HOLDER;
use crate::store::Shelf;
use crate::token::Ring;

/// What an engine is made of.
pub(super) struct Settings {
    pub(super) kv: Option<Shelf>,
    pub(super) db: Option<Shelf>,
    #[cfg(feature = "_sql")]
    pub(super) database: Option<crate::store::sql::Database>,
    #[cfg(feature = "_sql")]
    pub(super) sweep_every: Duration,
    pub(super) prefix: String,
    pub(super) holder: String,
    pub(super) max_result: usize,
    pub(super) disabled: bool,
    pub(super) tokens: Ring,
}

const DEFAULT_PREFIX: &str = "idem";
const DEFAULT_MAX_RESULT: usize = 1024 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            kv: None,
            db: None,
            #[cfg(feature = "_sql")]
            database: None,
            #[cfg(feature = "_sql")]
            sweep_every: Duration::from_mins(1),
            prefix: DEFAULT_PREFIX.to_owned(),
            holder: host_and_process(),
            max_result: DEFAULT_MAX_RESULT,
            disabled: false,
            tokens: Ring::default(),
        }
    }
}

/// `host/pid`, as far as the host is known.
fn host_and_process() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")))
        .unwrap_or_default();
    let host = host.trim();
    let process = format!("/{}", std::process::id());
    let room = LONGEST_HOLDER - process.len();
    format!("{}{process}", &host[..host.floor_char_boundary(room)])
}
