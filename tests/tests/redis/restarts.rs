//! A server that keeps its writes, and is killed under load.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use idem::store::State;
use idem::{Error, Idem, Plan};
use kit::redis::Server;

use crate::spoken::{SOON, Spoken, call};

const LEASE: Duration = Duration::from_secs(1);
const PLAN: Plan = Plan::setnx().lease(LEASE).wait(Duration::from_secs(5));
const KEYS: usize = 30;

however_spoken! {
    every_key_settles_and_no_lease_is_broken
}

/// One run of a body: when its caller asked, and when it began.
#[derive(Debug, Clone, Copy)]
struct Run {
    asked: Instant,
    begun: Instant,
}

type Runs = Arc<Mutex<Vec<Vec<Run>>>>;

/// Calls until there is a value: what a consumer does whose broker delivers again.
async fn until_answered(idem: &Idem, key: usize, runs: &Runs) -> usize {
    loop {
        let asked = Instant::now();
        let body = async {
            let number = {
                let runs = &mut runs.lock().unwrap()[key];
                runs.push(Run { asked, begun: Instant::now() });
                runs.len()
            };
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok(number)
        };
        match idem.call(&PLAN, idem::key!("op:{key}"), body).await {
            Ok(value) => return value,
            Err(Error::Outage { .. } | Error::InFlight { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn every_key_settles_and_no_lease_is_broken(spoken: Spoken) {
    let mut server = Server::with(spoken.flavour()).config("appendonly", "yes").start();
    let timeout = Duration::from_millis(600);
    let engines =
        [spoken.engine(&server.url(), timeout).await, spoken.engine(&server.url(), timeout).await];
    let runs: Runs = Arc::new(Mutex::new(vec![Vec::new(); KEYS]));
    let callers: Vec<_> = (0..4 * KEYS)
        .map(|n| {
            let (idem, runs) = (engines[n % 2].clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                // In waves, so that each kill meets some calls at each of their steps.
                tokio::time::sleep(Duration::from_millis(5) * u32::try_from(n).unwrap()).await;
                until_answered(&idem, n % KEYS, &runs).await
            })
        })
        .collect();
    for pause in [100, 150, 200] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        server.kill();
        server.start_again();
    }
    for caller in callers {
        tokio::time::timeout(3 * SOON, caller).await.expect("an answer in the end").unwrap();
    }
    for idem in &engines {
        assert_eq!(idem.shutdown(SOON).await, 0);
    }
    let runs = runs.lock().unwrap().clone();
    for (key, runs) in runs.iter().enumerate() {
        let entry = engines[0].get(&idem::key!("op:{key}")).await.unwrap().unwrap();
        assert_eq!(entry.state, Some(State::Completed), "key {key}: {entry:?} {runs:?}");
        assert!(!runs.is_empty());
        for (run, next) in runs.iter().zip(&runs[1..]) {
            // Claimed after it was asked for, and not lapsed before a lease was over.
            let between = next.begun - run.asked;
            assert!(between >= LEASE, "key {key} ran again after {between:?}: {runs:?}");
        }
        let unused = std::sync::atomic::AtomicUsize::new(0);
        let stored = call(&engines[1], PLAN, &key.to_string(), &unused).await.0.unwrap();
        assert!((1..=runs.len()).contains(&stored), "key {key}: {stored} of {runs:?}");
        assert_eq!(unused.into_inner(), 0);
    }
}
