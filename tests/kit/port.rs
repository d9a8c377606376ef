//! Free loopback ports.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    sync::{LazyLock, Mutex, PoisonError},
};

/// Below the range from which systems take ports for outgoing connections: a server that is
/// stopped and started again must find its port still free.
const RANGE: std::ops::Range<u64> = 15_000..32_000;

/// What this process has given out: one that is free for a moment, because its server was stopped,
/// is still somebody's.
static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A loopback port on which nobody listens now, chosen at random, and given out once a process.
///
/// Another process may take it before the caller does: whoever starts a server on it checks that
/// it is his own that answers, and takes another port if not.
///
/// # Panics
///
/// When a hundred ports in a row were taken.
#[must_use]
pub fn free() -> u16 {
    (0..100)
        .map(|attempt| {
            RANGE.start + RandomState::new().hash_one(attempt) % (RANGE.end - RANGE.start)
        })
        .filter_map(|port| u16::try_from(port).ok())
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .find(|port| GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(*port))
        .expect("none of a hundred loopback ports is free")
}
