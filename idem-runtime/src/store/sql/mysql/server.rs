//! What a server has said of itself.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

/// What it is asked: whether it writes, whether the connection commits by itself, whether it is
/// MariaDB, and whether it is one that [tells](Server::tells), which to MySQL is a nought and a comment.
pub(super) const SERVER: &str = "select cast(@@global.read_only as char) in ('0', 'OFF'),
    @@session.autocommit = 1, version() like '%MariaDB%',
    0 /*M!100600 + (@@session.binlog_format <> 'STATEMENT') */";

/// Nothing is taken for granted before it is [heard](Self::heard).
#[derive(Debug, Default)]
pub(super) struct Server {
    mariadb: AtomicBool,
    tells: AtomicBool,
}

impl Server {
    /// Its answer.
    pub(super) fn heard(&self, row: Option<&MySqlRow>) {
        let says = |at: usize| row.is_some_and(|row| row.get::<i64, _>(at) != 0);
        self.mariadb.store(says(2), Ordering::Relaxed);
        self.tells.store(says(3), Ordering::Relaxed);
    }

    /// Whether a statement can say how long it waits for a lock, and be a block of several.
    pub(super) fn is_mariadb(&self) -> bool {
        self.mariadb.load(Ordering::Relaxed)
    }

    /// Whether a statement that inserts can also tell, or change, what stands there: MariaDB, unless
    /// it logs statements for its replicas, where a duplicate would be logged as well.
    pub(super) fn tells(&self) -> bool {
        self.tells.load(Ordering::Relaxed)
    }
}
