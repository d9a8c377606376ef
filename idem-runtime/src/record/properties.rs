//! Whatever bytes a store comes with, they are read as what was written, or as no record.

use proptest::prelude::*;

use super::*;
use crate::key::Fingerprint;

fn configured() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn times() -> impl Strategy<Value = Duration> {
    (0..1_u64 << 48).prop_map(Duration::from_millis)
}

prop_compose! {
    fn fingerprints()(scheme: u64, hash: [u8; 32]) -> Fingerprint {
        Fingerprint { scheme, hash }
    }
}

prop_compose! {
    fn headers()(
        state in prop_oneof![Just(State::Running), Just(State::Completed), Just(State::Free)],
        content in prop_oneof![
            Just(Content::Nothing),
            Just(Content::Success),
            Just(Content::Failure),
            Just(Content::NotStored)
        ],
        codec: [u8; 8],
        owner: [u8; 16],
        (fence, attempts, spent) in any::<(u64, u32, Option<u32>)>(),
        lease in times(),
        retention in times(),
        started in 0..1_u64 << 48,
        fingerprint in prop::option::of(fingerprints()),
    ) -> Header {
        let owner = Owner(owner);
        Header {
            version: 1, state, content, codec, owner, fence, lease, retention, started, fingerprint,
            attempts, spent, body: 0,
        }
    }
}

fn written(header: Header, holder: &str, body: &[u8]) -> Record {
    let encode = |out: &mut Vec<u8>| {
        out.extend_from_slice(body);
        Ok(())
    };
    Record::with_body(header, holder, encode).unwrap()
}

/// Asks a record for all that it can be asked for. Returns whether it is one.
fn is_asked_everything(record: &Record) -> bool {
    let all = (record.fence(), record.attempts(), record.spent(), record.lease());
    let more = (record.retention(), record.holder().len(), record.owner(), format!("{record:?}"));
    let read = record.state().is_some();
    assert!(read || all == (0, 0, None, Duration::ZERO), "{all:?}");
    assert!(read || more.0.is_zero() && more.1 == 0 && more.2.is_none(), "{more:?}");
    assert!(read || record.body().is_empty());
    assert!(record.body().len() <= record.as_bytes().len());
    read
}

proptest! {
    #![proptest_config(configured())]

    #[test]
    fn what_was_written_is_read(
        header in headers(),
        holder in "\\PC{0,80}",
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let record = written(header, &holder, &body);
        let read = Record::from_bytes(record.as_bytes());
        let length = u32::try_from(body.len()).unwrap();
        prop_assert_eq!(read.header(), Ok(Header { body: length, ..header }));
        prop_assert_eq!(read.body(), body);
        prop_assert!(holder.starts_with(read.holder()) && read.holder().len() <= LONGEST_HOLDER);
        prop_assert_eq!(read, record);
    }

    #[test]
    fn another_fence_changes_nothing_else(header in headers(), fence: u64) {
        let record = written(header, "host/1", b"body").with_fence(fence);
        prop_assert_eq!(record.header(), Ok(Header { fence, body: 4, ..header }));
        prop_assert_eq!(record.body(), b"body");
    }

    /// Any other byte in any place, but for that of the version, whose later ones are read by other rules.
    #[test]
    fn a_damaged_record_is_none(
        header in headers(),
        body in prop::collection::vec(any::<u8>(), 0..40),
        at: prop::sample::Index,
        other in 1_u8..,
    ) {
        let mut bytes = written(header, "host/1", &body).as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= other;
        prop_assert!(at == 4 || !is_asked_everything(&Record::from_bytes(&bytes)));
        bytes.truncate(at);
        prop_assert!(!is_asked_everything(&Record::from_bytes(&bytes)));
    }

    /// A later version's, whose end may be anything: it is a running or a free record, or none.
    #[test]
    fn a_later_version_is_read_as_far_as_it_can_be(
        header in headers(),
        version in 2_u8..,
        end in prop::collection::vec(any::<u8>(), 0..60),
        flags: u8,
        cut: prop::sample::Index,
    ) {
        let mut bytes = written(header, "host/1", b"").as_bytes().to_vec();
        (bytes[4], bytes[7]) = (version, flags);
        bytes.truncate(59 + cut.index(bytes.len() - 59));
        bytes.extend(end);
        let record = Record::from_bytes(&bytes);
        let read = is_asked_everything(&record);
        prop_assert!(!read || record.state() != Some(State::Completed));
        prop_assert!(!read || record.owner() == Some(header.owner));
        if read {
            prop_assert_eq!(record.with_fence(7).fence(), 7);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), like: bool) {
        let mut bytes = bytes;
        if like && bytes.len() > 8 {
            bytes[..4].copy_from_slice(b"idem");
            bytes[5] %= 5;
            bytes[6] %= 5;
        }
        let record = Record::from_bytes(&bytes);
        is_asked_everything(&record);
        prop_assert_eq!(record.as_bytes(), bytes);
    }
}
