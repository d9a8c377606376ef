//! Bodies that fail, and stores that do.

use std::fmt;
use std::time::Duration;

use idem::store::State;
use idem::{Error, Idem, Json, OnErr, OnOutage, Outcome, Plan, Returns, with_outcome};
use kit::faulty::{Fault, Step};
use kit::place::Place;
use serde::{Deserialize, Serialize};
use tokio::time::{advance, sleep};

use crate::support::{Runs, SHORT_LEASE, SOON, ask, engine_on, faulty, is_in_flight, two_engines};

const LEASE: Duration = Duration::from_secs(10);
const PLAN: Plan = Plan::setnx().ttl(Duration::from_mins(10)).lease(LEASE);

on_every_store! {
    each_error_has_its_own_policy
    a_panic_goes_on_and_holds_the_key
    a_stored_failure_replays_as_itself
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum PayError {
    Declined(String),
    Busy,
    Unknown,
    #[serde(skip)]
    Idem(String),
}

impl From<Error> for PayError {
    fn from(error: Error) -> Self {
        Self::Idem(error.code().to_owned())
    }
}

type Paid = Result<u32, PayError>;

fn policy(paid: &Paid) -> Option<OnErr> {
    match paid.as_ref().err()? {
        PayError::Declined(_) | PayError::Idem(_) => Some(OnErr::Store),
        PayError::Busy => Some(OnErr::Release),
        PayError::Unknown => Some(OnErr::Hold),
    }
}

fn by_policy() -> Returns<Paid> {
    Returns::new(|error| Err(error.into()))
        .replay::<Json>()
        .replay_failures::<Json>()
        .on_err(policy)
}

/// C41
async fn each_error_has_its_own_policy(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let pay = async |engine: &Idem, op: &str, paid: Paid| {
        engine.call_with(&SHORT_LEASE, idem::key!("op:{op}"), by_policy(), async { paid }).await
    };
    let declined = || Err(PayError::Declined("no funds".to_owned()));
    assert_eq!(pay(&idem, "declined", declined()).await, declined());
    assert_eq!(pay(&elsewhere, "declined", Ok(1)).await, declined());
    assert_eq!(pay(&idem, "busy", Err(PayError::Busy)).await, Err(PayError::Busy));
    assert_eq!(pay(&elsewhere, "busy", Ok(1)).await, Ok(1));
    assert_eq!(pay(&idem, "unknown", Err(PayError::Unknown)).await, Err(PayError::Unknown));
    let op = "unknown";
    let entry = idem.get(&idem::key!("op:{op}")).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Running));
    kit::wait_for("the lease to lapse", SOON, async || {
        pay(&elsewhere, "unknown", Ok(1)).await == Ok(1)
    })
    .await;
}

/// The variant that carries this library's errors will not serialise: held, not lost.
#[tokio::test(start_paused = true)]
async fn a_failure_that_will_not_encode_is_held() {
    let idem = Idem::in_memory();
    let one = 1;
    let own = || Err(PayError::Idem("of another call".to_owned()));
    let call = |paid| idem.call_with(&PLAN, idem::key!("op:{one}"), by_policy(), async { paid });
    assert_eq!(call(own()).await, own());
    assert_eq!(call(Ok(1)).await, Err(PayError::Idem("in_flight".to_owned())));
    advance(LEASE + Duration::from_millis(1)).await;
    assert_eq!(call(Ok(1)).await, Ok(1));
}

async fn a_stored_failure_replays_as_itself(place: Place) {
    let idem = place.engine().await;
    let returns = Returns::<Paid>::new(|error| Err(error.into())).replay::<Json>();
    let storing = returns.replay_failures::<Json>();
    let plan = PLAN.on_err(OnErr::Store);
    let one = 1;
    for _ in 0..2 {
        let paid =
            idem.call_with(&plan, idem::key!("op:{one}"), storing, async { Err(PayError::Busy) });
        assert_eq!(paid.await, Err(PayError::Busy));
    }
    // A function that stores none can't read it, and does not run because of it.
    let paid = idem.call_with(&PLAN, idem::key!("op:{one}"), returns, async { Ok(1) }).await;
    assert_eq!(paid, Err(PayError::Idem("unreadable".to_owned())));
}

/// C32
async fn a_panic_goes_on_and_holds_the_key(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let panicked = std::time::Instant::now();
    let panics = async move {
        let one = 1;
        let body = async { panic!("the body's own words") };
        idem.call::<usize, Error, _>(&SHORT_LEASE, idem::key!("op:{one}"), body).await
    };
    let panic = tokio::spawn(panics).await.unwrap_err().into_panic();
    assert_eq!(*panic.downcast_ref::<&str>().unwrap(), "the body's own words");
    kit::wait_for("the lease to lapse", SOON, async || {
        ask(&elsewhere, &SHORT_LEASE).await.0.is_ok()
    })
    .await;
    assert!(panicked.elapsed() > Duration::from_millis(350), "{:?}", panicked.elapsed());
}

/// C33: the caller sees the body's own error; the key is freed when the store is back.
#[tokio::test(start_paused = true)]
async fn the_bodys_own_error_comes_before_the_stores() {
    for fault in [Fault::Unreached, Fault::Undone, Fault::AnswerLost, Fault::Silent] {
        let (store, idem) = faulty().await;
        store.once(Step::Release, fault);
        let one = 1;
        let fails = async { Err::<u32, _>(Error::outage("the body's own")) };
        let (answer, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), fails)).await;
        assert!(answer.unwrap_err().to_string().contains("the body's own"));
        assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
        sleep(Duration::from_secs(2)).await;
        let (answer, outcome) = ask(&idem, &PLAN).await;
        assert_eq!(answer.unwrap(), 77, "{fault:?}");
        assert!(matches!(outcome, Outcome::Ran { attempt: 2, .. }), "{outcome:?}");
    }
}

/// C35
#[tokio::test(start_paused = true)]
async fn a_result_whose_acknowledgement_is_lost_stands() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    store.once(Step::Complete, Fault::AnswerLost);
    let (answer, outcome) = ask(&idem, &PLAN).await;
    assert_eq!(answer.unwrap(), 77);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    assert!(matches!(ask(&other, &PLAN).await.1, Outcome::Replayed { .. }));
    sleep(LEASE).await;
    assert!(matches!(ask(&idem, &PLAN).await.1, Outcome::Replayed { .. }));
    assert_eq!(store.asked(Step::Release), 0);
}

/// C36, C38
#[tokio::test(start_paused = true)]
async fn a_call_whose_claim_fails_does_not_run() {
    for fault in [Fault::Unreached, Fault::Undone, Fault::AnswerLost, Fault::Silent] {
        let (store, idem) = faulty().await;
        store.once(Step::Claim, fault);
        let (answer, outcome) = ask(&idem, &PLAN).await;
        let Err(Error::Outage { source, .. }) = answer else { panic!("{fault:?}: {answer:?}") };
        assert!(!source.to_string().is_empty());
        assert_eq!(outcome, Outcome::Refused);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(
            ask(&idem, &PLAN).await.0.unwrap(),
            77,
            "{fault:?}: what may have landed is taken back"
        );
    }
}

/// C36: `on_outage = "run"` is for a claim that can't have landed, and for no other.
#[tokio::test(start_paused = true)]
async fn unguarded_only_when_no_claim_can_have_reached_the_store() {
    let plan = PLAN.on_outage(OnOutage::Run);
    for (fault, runs) in [
        (Fault::Unreached, true),
        (Fault::Undone, false),
        (Fault::AnswerLost, false),
        (Fault::Silent, false),
    ] {
        let (store, idem) = faulty().await;
        store.once(Step::Claim, fault);
        let one = 1;
        let key = || idem::key!("op:{one}");
        let body = async { Ok::<_, Error>(idem::attempt().downstream_key("capture")) };
        let (answer, outcome) = with_outcome(idem.call(&plan, key(), body)).await;
        assert_eq!(answer.is_ok(), runs, "{fault:?}: {answer:?}");
        assert_eq!(outcome == Outcome::Unguarded, runs, "{fault:?}: {outcome:?}");
        sleep(Duration::from_secs(1)).await;
        let body = async { Ok::<_, Error>(idem::attempt().downstream_key("capture")) };
        let guarded = idem.call(&plan, key(), body).await.unwrap();
        assert!(answer.is_err() || answer.unwrap() == guarded, "the same key for the provider");
    }
}

/// Not after a claim that found something: that one has reached the store.
#[tokio::test(start_paused = true)]
async fn never_unguarded_once_the_store_has_answered() {
    let (store, idem) = faulty().await;
    let other = engine_on(&store).await;
    let plan = PLAN.on_outage(OnOutage::Run).wait(LEASE / 2);
    crate::support::orphan(&other, &PLAN).await;
    let call = tokio::spawn(async move { ask(&idem, &plan).await });
    sleep(Duration::from_secs(1)).await;
    store.always(Step::Claim, Fault::Unreached);
    let (answer, _) = call.await.unwrap();
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    store.heal();
    assert!(is_in_flight(&ask(&other, &PLAN).await.0));
}

/// What a user's own functions may do wrong holds the claim, and wedges nothing longer.
#[tokio::test(start_paused = true)]
async fn panics_of_the_users_functions_hold_the_key() {
    #[derive(Debug)]
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in the codec")
        }
    }
    impl<'de> Deserialize<'de> for Broken {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("in the codec")
        }
    }
    impl fmt::Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in the codec")
        }
    }
    let idem = Idem::in_memory();
    let storing = Returns::<Result<Broken, Error>>::new(Err).replay::<Json>();
    let judging = Returns::<Result<Broken, Error>>::new(Err).on_err(|_| panic!("in the judge"));
    for (op, returns) in [("codec", storing), ("judge", judging)] {
        let call = idem.clone();
        let panics = async move {
            call.call_with(&PLAN, idem::key!("op:{op}"), returns, async { Ok(Broken) }).await
        };
        assert!(tokio::spawn(panics).await.unwrap_err().is_panic());
        let again = idem.call(&PLAN, idem::key!("op:{op}"), async { Ok::<_, Error>(1) }).await;
        assert!(is_in_flight(&again), "{op}: {again:?}");
        sleep(LEASE + Duration::from_millis(1)).await;
        let again = idem.call(&PLAN, idem::key!("op:{op}"), async { Ok::<_, Error>(1) }).await;
        assert_eq!(again.unwrap(), 1, "{op}");
    }
    // A stored result that panics when it is read harms nobody else.
    let runs = Runs::default();
    let call = idem.clone();
    let op = "codec";
    let panics = async move {
        call.call_with(&PLAN, idem::key!("op:{op}"), storing, async { Ok(Broken) }).await
    };
    assert!(tokio::spawn(panics).await.unwrap_err().is_panic());
    assert_eq!(idem.call(&PLAN, idem::key!("op:{op}"), runs.body()).await.unwrap(), 1);
    assert_eq!((runs.count(), idem.shutdown(Duration::ZERO).await), (0, 0));
}
