//! Many calls at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, Plan};
use kit::place::Place;
use tokio::sync::Barrier;

on_every_store! {
    a_hundred_at_once_run_once
    with_wait_every_caller_gets_the_result
}

/// Calls one key from this many tasks at once, from each engine; returns runs and answers.
async fn storm(engines: &[Idem], tasks: usize, plan: Plan) -> (usize, Vec<Result<usize, Error>>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let start = Arc::new(Barrier::new(tasks * engines.len()));
    let mut calls = Vec::new();
    for engine in engines {
        for _ in 0..tasks {
            let (idem, runs, start) = (engine.clone(), Arc::clone(&runs), Arc::clone(&start));
            calls.push(tokio::spawn(async move {
                start.wait().await;
                let order = 1;
                let body = async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(runs.fetch_add(1, Ordering::Relaxed))
                };
                idem.call(&plan, idem::key!("storm:{order}"), body).await
            }));
        }
    }
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    (runs.load(Ordering::Relaxed), answers)
}

async fn a_hundred_at_once_run_once(place: Place) {
    let engines = [place.engine().await, place.engine().await];
    let (runs, answers) = storm(&engines, 50, Plan::setnx()).await;
    assert_eq!(runs, 1);
    for answer in answers {
        match answer {
            Ok(value) => assert_eq!(value, 0),
            Err(error) => assert!(matches!(error, Error::InFlight { .. }), "{error:?}"),
        }
    }
}

async fn with_wait_every_caller_gets_the_result(place: Place) {
    let engines = [place.engine().await, place.engine().await];
    let plan = Plan::setnx().wait(Duration::from_secs(20));
    let (runs, answers) = storm(&engines, 50, plan).await;
    assert_eq!(runs, 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(0))), "{answers:?}");
}
