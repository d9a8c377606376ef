//! The test kit, tested with real servers.

#[path = "kit/cleanup.rs"]
mod cleanup;
#[path = "kit/ledger.rs"]
mod ledger;
#[path = "kit/oracle.rs"]
mod oracle;
#[path = "kit/process.rs"]
mod process;
#[path = "kit/proxy.rs"]
mod proxy;
#[path = "kit/rabbit.rs"]
mod rabbit;
#[path = "kit/redis.rs"]
mod redis;
#[path = "kit/wait.rs"]
mod wait;

use std::time::Duration;

/// For what comes in a moment unless something is broken.
const SOON: Duration = Duration::from_secs(20);
