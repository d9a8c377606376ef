//! Free loopback ports.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
};

/// Below the range from which systems take ports for outgoing connections: a server that is
/// stopped and started again must find its port still free.
const RANGE: std::ops::Range<u64> = 15_000..32_000;

/// A loopback port on which nobody listens now, chosen at random.
///
/// Somebody else may take it before the caller does: whoever starts a server on it checks that
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
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("none of a hundred loopback ports is free")
}
