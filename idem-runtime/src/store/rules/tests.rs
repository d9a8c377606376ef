use super::*;
use crate::record::{Content, Owner, Start};

fn running(lease: u64, retention: u64) -> Record {
    let start = Start {
        owner: Owner::new(),
        lease: Duration::from_millis(lease),
        retention: Duration::from_millis(retention),
        fingerprint: None,
        holder: "",
        started: 0,
        counts: false,
    };
    Record::running(&start, None)
}

fn counted(over: Option<&Record>) -> Record {
    let start = Start {
        owner: Owner::new(),
        lease: Duration::from_millis(100),
        retention: Duration::from_millis(300),
        fingerprint: None,
        holder: "",
        started: 0,
        counts: true,
    };
    Record::running(&start, over)
}

/// The window goes on, is never shorter than a running attempt's lease, and starts anew when
/// the attempt completes.
#[test]
fn what_is_counted_is_kept_for_the_rest_of_its_window() {
    let running = counted(None);
    let ms = Duration::from_millis;
    let completed = Record::of(running.next(State::Completed, Content::Nothing), "");
    for (left, running_is_kept) in [(ms(250), ms(250)), (ms(100), ms(100)), (ms(7), ms(100))] {
        let standing = Standing::kept(&running, ms(50), left);
        let step = |change: Change<'static>| change.step(&running, standing).0;
        assert_eq!(step(Change::Renew), ChangeStep::Touch { keep: running_is_kept });
        let free: &Record = Box::leak(Box::new(running.freed()));
        let done: &Record = Box::leak(Box::new(completed.clone()));
        let released = step(Change::Release(free));
        assert_eq!(released, ChangeStep::Write { record: free, keep: left });
        let complete = step(Change::Complete(done));
        assert_eq!(complete, ChangeStep::Write { record: done, keep: ms(300) });
        let next = counted(Some(&running));
        let name = crate::store::Name::new("name");
        let lapsed = Standing::kept(&running, ms(101), left);
        let step = Claim::new(&name, &next, Some(&running)).step(lapsed);
        assert_eq!(step, ClaimStep::Write { keep: running_is_kept });
    }
}

#[test]
fn attempts_are_spent_one_by_one_and_given_back_one_by_one() {
    let first = counted(None);
    assert_eq!((first.spent(), first.freed().spent()), (Some(1), Some(0)));
    let second = counted(Some(&first));
    assert_eq!((second.spent(), second.freed().spent()), (Some(2), Some(1)));
    let third = counted(Some(&second.freed()));
    assert_eq!((third.spent(), third.attempts(), third.fence()), (Some(2), 3, 3));
    // An attempt that was not counted speaks for itself.
    assert_eq!(counted(Some(&running(100, 300))).spent(), Some(2));
    assert_eq!(counted(Some(&running(100, 300).freed())).spent(), Some(1));
}

/// Its count would be of a window that is over.
#[test]
fn a_count_is_not_carried_over_into_the_next_window() {
    let (name, judged) = (crate::store::Name::new("name"), counted(None));
    let next = counted(Some(&judged));
    let step = Claim::new(&name, &next, Some(&judged)).step(None);
    assert_eq!(step, ClaimStep::Answer(Claimed::Vanished));
}

/// Only a count is lost with what stood there.
#[test]
fn what_does_not_count_is_claimed_when_what_it_judged_has_gone() {
    let name = crate::store::Name::new("name");
    let (judged, first) = (running(100, 300), counted(None));
    for (record, over) in [(&running(100, 300), Some(&judged)), (&first, None)] {
        let step = Claim::new(&name, record, over).step(None);
        assert_eq!(step, ClaimStep::Write { keep: Duration::from_millis(300) });
    }
}

#[test]
fn a_lease_has_lapsed_when_more_than_it_has_passed() {
    let record = running(100, 300);
    let lease = |age| Standing::new(&record, age).map(|standing| standing.lease());
    let tick = Duration::from_nanos(1);
    let (end, last) = (Duration::from_millis(100), Duration::from_millis(299));
    assert_eq!(lease(Duration::ZERO), Some(Lease::Live(end)));
    assert_eq!(lease(end), Some(Lease::Live(Duration::ZERO)));
    assert_eq!(lease(end + tick), Some(Lease::Lapsed));
    assert_eq!(lease(last), Some(Lease::Lapsed));
}

#[test]
fn a_record_is_gone_when_its_retention_has_passed() {
    for record in [running(100, 300), running(100, 300).freed(), running(300, 300)] {
        assert!(Standing::new(&record, Duration::from_millis(299)).is_some());
        assert!(Standing::new(&record, Duration::from_millis(300)).is_none());
    }
}

#[test]
fn a_value_that_cannot_be_read_is_never_gone_and_never_free() {
    let foreign = Record::from_bytes(b"somebody else's");
    let standing = Standing::new(&foreign, Duration::MAX);
    let record = running(100, 300);
    let claim = crate::store::Name::new("name");
    let step = Claim::new(&claim, &record, Some(&foreign)).step(standing);
    assert!(matches!(step, ClaimStep::Answer(Claimed::Found(_))), "{step:?}");
}

/// A person's completion has an owner of its own.
#[test]
fn a_change_that_had_arrived_is_found_done() {
    let (running, other) = (running(100, 300), running(100, 300));
    let settle = |change: Change<'_>, there: &Record| {
        change.step(&running, Standing::new(there, Duration::ZERO)).1
    };
    for made in [running.freed(), other.freed()] {
        assert_eq!(settle(Change::Complete(&made), &made), Settled::Done);
        assert_eq!(settle(Change::Release(&made), &made), Settled::Done);
    }
    assert_eq!(settle(Change::Release(&running.freed()), &other.freed()), Settled::Lost);
}

/// The attempt's own end is known by its owner, whatever its bytes; another end is none.
#[test]
fn an_attempt_that_has_ended_otherwise_is_lost() {
    let running = running(100, 300);
    let end = |content| Record::of(running.next(State::Completed, content), "");
    let (made, stored) = (end(Content::Success), end(Content::NotStored));
    let settle = |change: Change<'_>, there: &Record| {
        change.step(&running, Standing::new(there, Duration::ZERO)).1
    };
    assert_eq!(settle(Change::Complete(&made), &stored), Settled::Done);
    assert_eq!(settle(Change::Complete(&made), &running.freed()), Settled::Lost);
    assert_eq!(settle(Change::Release(&running.freed()), &stored), Settled::Lost);
}
