use std::time::Duration;

use tokio::time::Instant;

use super::{Asking, Heard, Next};
use crate::decide::{Asker, Decision};
use crate::record::{Content, Header, Owner, Record, Start, State};
use crate::store::{Claimed, Found, Lease, Settled};

const LEASE: Duration = Duration::from_secs(1);
/// A lease of a second is believed in for so long: its end is left to clocks that drift.
const STANDS: Duration = Duration::from_millis(950);
const ALMOST: Duration = Duration::from_nanos(949_999_999);
const CODEC: [u8; 8] = *b"json\0\0\0\0";

fn asking(limit: Option<u32>) -> Asking {
    let owner = Owner::new();
    Asking::new(Asker { owner, fingerprint: None, rejects: false, codec: CODEC, limit }, LEASE)
}

fn running(owner: Owner, counts: bool) -> Record {
    let start = Start {
        owner,
        lease: LEASE,
        retention: 4 * LEASE,
        fingerprint: None,
        holder: "",
        started: 0,
        counts,
    };
    Record::running(&start, None)
}

fn completed(running: &Record) -> Record {
    let next = running.next(State::Completed, Content::Success);
    Record::of(Header { codec: CODEC, ..next }, "")
}

/// What a call does when this is found under its key, just after it was sent.
fn finds(asking: &mut Asking, record: &Record, lease: Lease) -> Heard {
    let (sent, found) = (Instant::now(), Found::new(record.clone(), lease));
    let candidate = running(asking.asker().owner, asking.asker().limit.is_some());
    asking.heard(Claimed::Found(found), &candidate, sent, || sent)
}

#[test]
fn a_body_starts_while_what_was_won_stands_for_certain_and_not_a_moment_later() {
    let sent = Instant::now();
    let mut asking = asking(None);
    let candidate = running(asking.asker().owner, false);
    let mut heard =
        |after| asking.heard(Claimed::Won { fence: 1 }, &candidate, sent, || sent + after);
    for after in [Duration::ZERO, ALMOST] {
        assert!(matches!(heard(after), Heard::Next(Next::Start)), "{after:?}");
    }
    for after in [STANDS, LEASE, 9 * LEASE] {
        let heard = heard(after);
        assert!(
            matches!(&heard, Heard::Own(record) if *record == candidate),
            "{after:?}: {heard:?}"
        );
    }
}

#[test]
fn a_renewed_claim_starts_its_body_in_time_or_is_given_back() {
    let sent = Instant::now();
    let mut asking = asking(None);
    let mut renewed = |after| asking.renewed(Settled::Done, sent, sent + after);
    for after in [Duration::ZERO, ALMOST] {
        assert!(matches!(renewed(after), Next::Start), "{after:?}");
    }
    for after in [STANDS, LEASE, 9 * LEASE] {
        assert!(matches!(renewed(after), Next::TooLate), "{after:?}");
    }
}

/// A store would judge it by its lease; whether that means the same there, an older node can't know.
#[test]
fn what_a_later_version_runs_is_waited_for_and_never_claimed_over() {
    let anothers = running(Owner::new(), false).header().unwrap();
    let newer = |state| Record::with_version(Header { version: 2, state, ..anothers });
    for lease in [Lease::Unjudged, Lease::Lapsed, Lease::Live(LEASE)] {
        let mut asking = asking(None);
        let heard = finds(&mut asking, &newer(State::Running), lease);
        assert!(matches!(heard, Heard::Next(Next::InFlight(..))), "{lease:?}: {heard:?}");
        assert_eq!(asking.over(), None, "{lease:?}");
        let free = newer(State::Free);
        finds(&mut asking, &free, lease);
        assert_eq!(asking.over(), Some(&free), "it has given the key back");
    }
}

/// What is left of the old claim is another's: nothing that this attempt does is taken for it.
#[test]
fn who_has_lost_its_claim_before_the_start_claims_anew_as_another() {
    let mut asking = asking(None);
    let (rival, before) = (running(Owner::new(), false), asking.asker().owner);
    finds(&mut asking, &rival, Lease::Lapsed);
    let next = asking.renewed(Settled::Lost, Instant::now(), Instant::now());
    assert!(matches!(next, Next::Claim), "{next:?}");
    assert_ne!(asking.asker().owner, before);
    assert_eq!(asking.over(), None);
}

#[test]
fn its_own_claim_is_renewed() {
    let mut asking = asking(None);
    let own = running(asking.asker().owner, false);
    let heard = finds(&mut asking, &own, Lease::Live(LEASE));
    assert!(matches!(&heard, Heard::Own(record) if *record == own), "{heard:?}");
}

/// What has lapsed or is free is claimed. What nobody has judged is claimed too, for the store to
/// judge it, but a call that waits does not take it for free.
#[test]
fn what_may_be_taken_over_is_claimed_over() {
    let rival = running(Owner::new(), false);
    for (record, lease, open) in [
        (&rival, Lease::Lapsed, true),
        (&rival, Lease::Unjudged, false),
        (&rival.freed(), Lease::Unjudged, true),
        (&rival.freed(), Lease::Live(LEASE), true),
    ] {
        let mut asking = asking(None);
        let heard = finds(&mut asking, record, lease);
        assert!(matches!(heard, Heard::Next(Next::Claim)), "{record:?} {lease:?}: {heard:?}");
        assert_eq!(asking.over(), Some(record));
        assert_eq!(asking.is_open(), open, "{record:?} {lease:?}");
    }
}

#[test]
fn a_live_claim_is_in_flight_for_what_is_left_of_its_lease() {
    let mut asking = asking(None);
    let rival = running(Owner::new(), false);
    let left = LEASE / 3;
    let heard = finds(&mut asking, &rival, Lease::Live(left));
    let expected = |record: &Record, time| *record == rival && time == left;
    assert!(
        matches!(&heard, Heard::Next(Next::InFlight(record, time)) if expected(record, *time)),
        "{heard:?}"
    );
    // The next claim is over it: the store may find that it has lapsed.
    assert_eq!((asking.over(), asking.is_open()), (Some(&rival), false));
}

/// A claim over it would be an attempt too many.
#[test]
fn the_last_attempt_of_a_window_is_never_claimed_over() {
    let rival = running(Owner::new(), true);
    let mut asking = asking(Some(1));
    let heard = finds(&mut asking, &rival, Lease::Unjudged);
    assert!(
        matches!(&heard, Heard::Next(Next::InFlight(_, left)) if *left == LEASE),
        "a lease that nobody has judged may last all its time: {heard:?}"
    );
    assert_eq!((asking.over(), asking.is_open()), (None, false));

    let heard = finds(&mut asking, &rival, Lease::Lapsed);
    let expected = Decision::Exhausted { limit: 1 };
    assert!(
        matches!(&heard, Heard::Next(Next::Answer(decision, _)) if *decision == expected),
        "{heard:?}"
    );
    assert_eq!((asking.over(), asking.is_open()), (None, false));
}

#[test]
fn a_completed_record_is_the_answer() {
    let mut asking = asking(None);
    let done = completed(&running(Owner::new(), false));
    let heard = finds(&mut asking, &done, Lease::Lapsed);
    let expected =
        |decision, record: &Record| decision == Decision::ReplaySuccess && *record == done;
    assert!(
        matches!(&heard, Heard::Next(Next::Answer(decision, record)) if expected(*decision, record)),
        "{heard:?}"
    );
    assert!(!asking.is_open());
}

#[test]
fn when_the_window_is_over_the_next_one_is_claimed_over_nothing() {
    let mut asking = asking(Some(2));
    let judged = running(Owner::new(), true);
    finds(&mut asking, &judged, Lease::Live(LEASE));
    assert_eq!((asking.over(), asking.is_open()), (Some(&judged), false));
    let (candidate, now) = (running(asking.asker().owner, true), Instant::now());
    let heard = asking.heard(Claimed::Vanished, &candidate, now, || now);
    assert!(matches!(heard, Heard::Next(Next::Claim)), "{heard:?}");
    assert_eq!((asking.over(), asking.is_open()), (None, true));
}
