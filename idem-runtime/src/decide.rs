//! What a record that stands under a key means to a call: a pure function of the two, which a test
//! checks for all combinations.

use crate::key::Fingerprint;
use crate::record::{Content, Flaw, Header, Owner, Record, State};
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
    /// How many attempts the window has, where they are counted.
    pub(crate) limit: Option<u32>,
}

/// What a call does about the record that stands under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Renew it, then start: it is this very attempt's claim, won by an earlier send, and the time
    /// since may have eaten the lease.
    Renew,
    /// Claim over it: it is free, has lapsed, or only the store can judge whether it has.
    TakeOver,
    /// Every attempt of the window is spent, and none of them is live.
    Exhausted { limit: u32 },
    /// Wait, or be refused: another attempt holds the key.
    InFlight,
    /// The key was used with other arguments.
    Mismatch,
    /// Answer with the stored success.
    ReplaySuccess,
    /// Answer with the stored failure.
    ReplayFailure,
    /// The key has completed, and the call takes no results.
    Duplicate,
    /// The key has completed, and no result was stored.
    NotStored,
    /// The key has completed, and another codec wrote the result.
    OtherCodec,
    /// The record can't be read.
    Unreadable(Flaw),
}

/// Decides what a call does about a record that stands under its key.
pub(crate) fn decide(record: &Record, lease: Lease, asker: &Asker) -> Decision {
    let header = match record.header() {
        Ok(header) => header,
        Err(flaw) => return Decision::Unreadable(flaw),
    };
    let exhausted = exhausted(&header, asker);
    let take_over = || exhausted.map_or(Decision::TakeOver, |limit| Decision::Exhausted { limit });
    if header.state == State::Free {
        return take_over();
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
        // The last attempt may be live: only a store that has judged it says that it is not.
        let unsure = exhausted.is_some() && lease != Lease::Lapsed;
        return if owned || unsure { Decision::InFlight } else { take_over() };
    }
    match header.content {
        _ if asker.rejects => Decision::Duplicate,
        Content::Nothing | Content::NotStored => Decision::NotStored,
        _ if header.codec != asker.codec => Decision::OtherCodec,
        Content::Success => Decision::ReplaySuccess,
        Content::Failure => Decision::ReplayFailure,
    }
}

/// The limit, where all the attempts that it allows are spent.
fn exhausted(header: &Header, asker: &Asker) -> Option<u32> {
    asker.limit.filter(|limit| header.spent() >= *limit)
}

/// Whether the next claim is made over this record. One that is over nothing can't take it over, and
/// only looks.
///
/// It is wherever the limit leaves an attempt, also while the record's own attempt is in flight: the
/// store may find that its lease has lapsed. It never is over what a later version runs: that too a
/// store would hand over when its lease has lapsed.
pub(crate) fn leaves_another(record: &Record, asker: &Asker) -> bool {
    record.header().is_ok_and(|header| {
        let is_anothers = header.is_newer() && header.state == State::Running;
        !is_anothers && exhausted(&header, asker).is_none()
    })
}

/// Whether two fingerprints are of different requests. Those of different schemes don't say: a deploy
/// has changed what is fingerprinted.
pub(crate) fn differs(one: Option<Fingerprint>, other: Option<Fingerprint>) -> bool {
    matches!((one, other), (Some(a), Some(b)) if a.scheme == b.scheme && a.hash != b.hash)
}

/// Whether the call and the record were not fingerprinted alike, so that nothing was compared.
pub(crate) fn not_compared(one: Option<Fingerprint>, other: Option<Fingerprint>) -> bool {
    one.map(|print| print.scheme) != other.map(|print| print.scheme)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LEASE: Duration = Duration::from_secs(30);
    const CODEC: [u8; 8] = *b"json\0\0\0\0";
    const OTHER: [u8; 8] = *b"cbor\0\0\0\0";

    fn print(scheme: u64, hash: u8) -> Fingerprint {
        Fingerprint { scheme, hash: [hash; 32] }
    }

    /// Every record that the decision can meet, as far as it looks at one.
    fn records(mine: Owner, theirs: Owner) -> Vec<Header> {
        let mut headers = Vec::new();
        for version in [1, 2] {
            for state in [State::Running, State::Completed, State::Free] {
                for content in
                    [Content::Nothing, Content::Success, Content::Failure, Content::NotStored]
                {
                    for owner in [mine, theirs] {
                        for codec in [CODEC, OTHER] {
                            for lease in [LEASE, Duration::ZERO] {
                                for fingerprint in
                                    [None, Some(print(1, 1)), Some(print(1, 2)), Some(print(2, 1))]
                                {
                                    headers.push(Header {
                                        version,
                                        state,
                                        content,
                                        codec,
                                        owner,
                                        fence: 7,
                                        lease,
                                        retention: 4 * LEASE,
                                        started: 0,
                                        fingerprint,
                                        attempts: 3,
                                        spent: None,
                                        body: 0,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        headers
    }

    /// The rules in the order of the contract, as a table that shares no line with the decision.
    fn expected(header: &Header, lease: Lease, asker: &Asker) -> Decision {
        let own = header.owner == asker.owner;
        let newer = header.version == 2;
        let other_payload = match (header.fingerprint, asker.fingerprint) {
            (Some(there), Some(here)) => there.scheme == here.scheme && there.hash != here.hash,
            _ => false,
        };
        let lapsed = !matches!(lease, Lease::Live(_)) && header.lease > Duration::ZERO;
        let spent = match (header.spent, header.state) {
            (Some(spent), _) => spent,
            (None, State::Running) => 1,
            (None, _) => 0,
        };
        let left = |limit: u32| spent < limit;
        match (header.state, header.content) {
            (State::Completed, _) if newer => Decision::Unreadable(Flaw::Newer(2)),
            (State::Free, _) if asker.limit.is_none_or(left) => Decision::TakeOver,
            (State::Free, _) => Decision::Exhausted { limit: asker.limit.unwrap() },
            (State::Running, _) if own => Decision::Renew,
            _ if other_payload => Decision::Mismatch,
            (State::Running, _) if newer || !lapsed => Decision::InFlight,
            (State::Running, _) if asker.limit.is_none_or(left) => Decision::TakeOver,
            (State::Running, _) if lease == Lease::Unjudged => Decision::InFlight,
            (State::Running, _) => Decision::Exhausted { limit: asker.limit.unwrap() },
            (State::Completed, _) if asker.rejects => Decision::Duplicate,
            (State::Completed, Content::Nothing | Content::NotStored) => Decision::NotStored,
            (State::Completed, _) if header.codec == OTHER => Decision::OtherCodec,
            (State::Completed, Content::Success) => Decision::ReplaySuccess,
            (State::Completed, Content::Failure) => Decision::ReplayFailure,
        }
    }

    #[test]
    fn every_record_is_decided_as_the_contract_says() {
        let (mine, theirs) = (Owner::new(), Owner::new());
        let mut decided = 0;
        let counts = [None, Some(0), Some(1), Some(2), Some(3)];
        for header in records(mine, theirs) {
            for spent in counts {
                let header = Header { spent, ..header };
                let record = Record::with_version(header);
                for asker in askers(mine) {
                    for lease in [Lease::Unjudged, Lease::Lapsed, Lease::Live(LEASE)] {
                        let expected = expected(&header, lease, &asker);
                        let decision = decide(&record, lease, &asker);
                        assert_eq!(decision, expected, "{header:?} {lease:?} {asker:?}");
                        // What is to be taken over may be, and the limit is never passed.
                        let another = leaves_another(&record, &asker);
                        assert!(another || decision != Decision::TakeOver);
                        assert!(!another || asker.limit.is_none_or(|limit| header.spent() < limit));
                        decided += 1;
                    }
                }
            }
        }
        assert_eq!(decided, (2 * 3 * 4 * 2 * 2 * 2 * 4) * 5 * (2 * 2 * 4) * 3);
    }

    fn askers(owner: Owner) -> Vec<Asker> {
        let mut askers = Vec::new();
        for fingerprint in [None, Some(print(1, 1))] {
            for rejects in [false, true] {
                for limit in [None, Some(1), Some(2), Some(3)] {
                    askers.push(Asker { owner, fingerprint, rejects, codec: CODEC, limit });
                }
            }
        }
        askers
    }

    #[test]
    fn what_is_no_record_is_never_run_over() {
        for bytes in [&b""[..], b"idem", b"42", &[0; 200], &b"idem\x01".repeat(40)] {
            for asker in askers(Owner::new()) {
                for lease in [Lease::Unjudged, Lease::Lapsed, Lease::Live(LEASE)] {
                    let decision = decide(&Record::from_bytes(bytes), lease, &asker);
                    assert!(matches!(decision, Decision::Unreadable(_)), "{bytes:?}: {decision:?}");
                }
            }
        }
    }

    /// Of two lists of fields nothing can be compared, nor of one with none.
    #[test]
    fn prints_of_other_schemes_are_not_compared() {
        for (one, other, compared) in [
            (None, None, true),
            (Some(print(1, 1)), Some(print(1, 2)), true),
            (Some(print(1, 1)), Some(print(2, 1)), false),
            (Some(print(1, 1)), None, false),
        ] {
            assert_eq!(not_compared(one, other), !compared, "{one:?} {other:?}");
            assert_eq!(not_compared(other, one), !compared, "{other:?} {one:?}");
        }
    }
}
