//! A connection, and what its server can do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult, Value};

/// How records are claimed and settled on a server. Of two, the better one is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// By scripts alone: servers before Redis 7.
    Scripts,
    /// `SET … NX GET` claims, scripts settle: Redis 7 and later.
    SetGet,
    /// `SET … NX GET` claims, `SET … IFEQ` settles: Valkey 8.1, Redis 8.4 and later.
    Native,
}

/// A connection that many callers share, and the dialect that its server speaks: what one step gets
/// of it.
#[derive(Clone)]
pub(super) struct Connected {
    connection: MultiplexedConnection,
    pub(super) dialect: Dialect,
    /// Which of its link's connections it is.
    pub(super) number: u64,
}

/// The connection that a link has, for as long as it is of use.
pub(super) struct Current {
    pub(super) connected: Connected,
    pub(super) life: Life,
}

/// Whether a connection is still of use.
#[derive(Clone)]
pub(super) struct Life(Arc<AtomicBool>);

impl Life {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Nobody takes the connection any more; who has it goes on with it.
    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

impl Connected {
    /// A connection to a server of which nothing is known yet.
    pub(super) fn new(connection: MultiplexedConnection, number: u64) -> Self {
        Self { connection, dialect: Dialect::Scripts, number }
    }

    pub(super) async fn query(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.connection.send_packed_command(command).await?.extract_error()
    }
}
