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
    ten_workers_on_a_hundred_keys_run_each_once
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

/// C12
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

/// C12, C27
async fn with_wait_every_caller_gets_the_result(place: Place) {
    let engines = [place.engine().await, place.engine().await];
    let plan = Plan::setnx().wait(Duration::from_secs(20));
    let (runs, answers) = storm(&engines, 50, plan).await;
    assert_eq!(runs, 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(0))), "{answers:?}");
}

/// C14
async fn ten_workers_on_a_hundred_keys_run_each_once(place: Place) {
    let engines = [place.engine().await, place.engine().await];
    let runs = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..10)
        .map(|worker| {
            let (idem, runs) = (engines[worker % 2].clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                for at in 0..100 {
                    // Each begins elsewhere, and they meet.
                    let order = (at + worker * 7) % 100;
                    let body = async { Ok(runs.fetch_add(1, Ordering::Relaxed)) };
                    match idem.call(&Plan::setnx(), idem::key!("storm:{order}"), body).await {
                        Ok(_) | Err(Error::InFlight { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(runs.load(Ordering::Relaxed), 100);
}
