//! What it means that something stands under a key: a pure function of the record and of the call,
//! checked exhaustively.

use crate::key::Fingerprint;
use crate::record::{Content, Flaw, Owner, Record, State};
use crate::store::Lease;

/// What a call brings to the decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) owner: Owner,
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Whether the call takes no results: `on_duplicate = "reject"`.
    pub(crate) rejects: bool,
    /// The name of the codec that reads results.
    pub(crate) codec: [u8; 8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is this very attempt's claim, which an earlier send has won: renew it, then start. The
    /// time in between may have eaten the lease.
    Renew,
    /// Claim over the record: it is free, has lapsed, or only the store can judge that.
    TakeOver,
    /// Another attempt holds it.
    InFlight,
    /// The key was used with other arguments.
    Mismatch,
    /// Its success is the answer.
    ReplaySuccess,
    /// Its failure is the answer.
    ReplayFailure,
    /// It has completed, and the call takes no results.
    Duplicate,
    /// It has completed without a result.
    NotStored,
    /// It is completed, by another codec.
    OtherCodec,
    /// It can't be read.
    Unreadable(Flaw),
}

/// Decides what a call does about a record that stands under its key.
pub(crate) fn decide(record: &Record, lease: Lease, asker: &Asker) -> Decision {
    let header = match record.header() {
        Ok(header) => header,
        Err(flaw) => return Decision::Unreadable(flaw),
    };
    if header.state == State::Free {
        return Decision::TakeOver;
    }
    if header.state == State::Running && header.owner == asker.owner {
        return Decision::Renew;
    }
    // Before anything else is answered: another payload gets neither a result nor a wait.
    if differs(header.fingerprint, asker.fingerprint) {
        return Decision::Mismatch;
    }
    if header.state == State::Running {
        let owned = header.is_newer() || header.lease.is_zero() || matches!(lease, Lease::Live(_));
        return if owned { Decision::InFlight } else { Decision::TakeOver };
    }
    match header.content {
        _ if asker.rejects => Decision::Duplicate,
        Content::Nothing | Content::NotStored => Decision::NotStored,
        _ if header.codec != asker.codec => Decision::OtherCodec,
        Content::Success => Decision::ReplaySuccess,
        Content::Failure => Decision::ReplayFailure,
    }
}

/// Whether two fingerprints tell different requests apart. Those of different schemes can't: a
/// deploy has changed what is fingerprinted.
pub(crate) fn differs(one: Option<Fingerprint>, other: Option<Fingerprint>) -> bool {
    matches!((one, other), (Some(a), Some(b)) if a.scheme == b.scheme && a.hash != b.hash)
}

/// Whether the call and the record were not fingerprinted alike, so that nothing was compared.
pub(crate) fn not_compared(one: Option<Fingerprint>, other: Option<Fingerprint>) -> bool {
    one.map(|print| print.scheme) != other.map(|print| print.scheme)
}
