use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::oneshot;

/// Something that is to happen once.
#[derive(Debug)]
pub(super) enum Rule {
    CutRequest {
        bytes: usize,
    },
    CutReply {
        bytes: usize,
    },
    Swallow {
        pattern: Vec<u8>,
        reply: oneshot::Sender<Vec<u8>>,
    },
    Hold {
        pattern: Vec<u8>,
        catch: oneshot::Sender<oneshot::Sender<()>>,
        reply: oneshot::Sender<Vec<u8>>,
    },
}

/// What a proxy was told and hasn't done yet, shared by its connections.
#[derive(Debug, Default)]
pub(super) struct Rules {
    waiting: Mutex<Vec<Rule>>,
    connections: AtomicUsize,
    requested: AtomicUsize,
    replied: AtomicUsize,
}

impl Rules {
    /// Forgets what was to happen and has not.
    pub(super) fn clear(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn count_requested(&self, bytes: usize) {
        self.requested.fetch_add(bytes, Ordering::SeqCst);
    }

    pub(super) fn count_replied(&self, bytes: usize) {
        self.replied.fetch_add(bytes, Ordering::SeqCst);
    }

    pub(super) fn requested(&self) -> usize {
        self.requested.load(Ordering::SeqCst)
    }

    pub(super) fn replied(&self) -> usize {
        self.replied.load(Ordering::SeqCst)
    }

    pub(super) fn add(&self, rule: Rule) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Takes the oldest rule that fits: whoever takes it, does it.
    pub(super) fn take(&self, fits: impl Fn(&Rule) -> bool) -> Option<Rule> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().position(fits)?;
        Some(waiting.remove(found))
    }

    pub(super) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Rule {
    /// The bytes of a request that this waits for, if it does.
    pub(super) fn pattern(&self) -> Option<&[u8]> {
        match self {
            Self::Swallow { pattern, .. } | Self::Hold { pattern, .. } => Some(pattern),
            Self::CutRequest { .. } | Self::CutReply { .. } => None,
        }
    }
}
