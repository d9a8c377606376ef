//! `on_outage`: what a call does when its store can't be asked.

use idem::{Error, Idem, Outcome, idempotent, with_outcome};
use kit::faulty::{Fault, Faulty, Step};

use crate::support::{Runs, engine_on};

#[idempotent(key = "fails:{id}", strategy = "setnx", on_outage = "fail")]
async fn fails(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[idempotent(key = "runs:{id}", strategy = "setnx", on_outage = "run")]
async fn runs_on(id: u8, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

/// C36, H37
#[tokio::test]
async fn a_store_that_can_not_be_asked_fails_the_call_or_lets_it_run() {
    let store = Faulty::new();
    let (idem, runs) = (engine_on(&store).await, Runs::default());
    store.always(Step::Claim, Fault::Unreached);
    let answer = idem.scope(fails(1, &runs)).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    assert_eq!(runs.count(), 0);
    for run in [1, 2] {
        let (answer, outcome) = with_outcome(idem.scope(runs_on(1, &runs))).await;
        assert_eq!((answer.unwrap(), outcome), (run, Outcome::Unguarded));
    }
}

/// A claim that may stand is never run over.
#[tokio::test]
async fn a_claim_that_may_have_reached_the_store_is_not_run_unguarded() {
    let store = Faulty::new();
    let (idem, runs) = (engine_on(&store).await, Runs::default());
    store.always(Step::Claim, Fault::AnswerLost);
    let answer = idem.scope(runs_on(1, &runs)).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn without_an_engine_nothing_runs() {
    let runs = Runs::default();
    let answer = runs_on(1, &runs).await;
    assert!(matches!(answer, Err(Error::NotInstalled)), "{answer:?}");
    assert_eq!(runs.count(), 0);
    Idem::in_memory().scope(runs_on(1, &runs)).await.unwrap();
}
