//! No server, a server that does not answer, one that goes while a body runs: nothing runs without
//! a claim, and nobody waits for long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use idem::store::State;
use idem::{Error, Outcome, Plan, with_outcome};
use kit::proxy::Proxy;
use kit::redis::Server;

use crate::spoken::{PATIENT, SOON, Spoken, assert_replays, call};

/// Short enough to wait for.
const TIMEOUT: Duration = Duration::from_millis(600);
const PLAN: Plan = Plan::setnx();

however_spoken! {
    an_engine_is_not_built_without_a_server
    an_engine_is_not_built_on_a_server_that_does_not_answer
    a_call_fails_within_the_time_out_and_the_next_one_runs
    a_server_that_is_paused_is_an_outage_and_comes_back
    a_pause_within_the_time_out_is_no_outage
    a_caller_that_stops_polling_while_it_connects_stops_nobody_else
    a_server_that_goes_during_the_body_and_comes_back_in_time
    a_server_that_comes_back_after_the_lease
}

fn assert_outage(answer: &(Result<usize, Error>, Outcome)) {
    assert!(matches!(answer, (Err(Error::Outage { .. }), Outcome::Refused)), "{answer:?}");
}

async fn not_built(spoken: Spoken, url: &str) {
    let since = Instant::now();
    let error = match spoken.builder(url, TIMEOUT).await {
        Ok(builder) => builder.build().await.expect_err("there is no server"),
        Err(error) => error,
    };
    assert!(matches!(error, Error::Outage { .. }), "{error:?}");
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
}

async fn an_engine_is_not_built_without_a_server(spoken: Spoken) {
    not_built(spoken, &format!("redis://127.0.0.1:{}/", kit::port::free())).await;
    not_built(spoken, "redis://no-such-host.invalid/").await;
}

async fn an_engine_is_not_built_on_a_server_that_does_not_answer(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    server.pause();
    not_built(spoken, &server.url()).await;
}

async fn a_call_fails_within_the_time_out_and_the_next_one_runs(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    let idem = spoken.engine(&server.url(), TIMEOUT).await;
    let runs = AtomicUsize::new(0);
    server.kill();
    for _ in 0..2 {
        let since = Instant::now();
        assert_outage(&call(&idem, PLAN, "1", &runs).await);
        assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    }
    server.start_again();
    assert_eq!(call(&idem, PLAN, "1", &runs).await.0.unwrap(), 1);
    assert_replays(&idem, "1", 1).await;
}

async fn a_server_that_is_paused_is_an_outage_and_comes_back(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    let idem = spoken.warm_engine(&server.url(), TIMEOUT).await;
    let runs = AtomicUsize::new(0);
    server.pause();
    // Of the second call's claim the server hears nothing: not even a connection can be set up.
    for _ in 0..2 {
        assert_outage(&call(&idem, PLAN, "1", &runs).await);
    }
    server.resume();
    // The first call's claim has landed, for nobody, and is taken back or lapses.
    let waiting = PLAN.wait(SOON).lease(Duration::from_secs(1));
    let (answer, _) = call(&idem, waiting, "2", &runs).await;
    assert_eq!(answer.unwrap(), 1);
}

async fn a_pause_within_the_time_out_is_no_outage(spoken: Spoken) {
    let mut server = Server::start(spoken.flavour());
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let runs = AtomicUsize::new(0);
    server.pause();
    // Longer than one send waits for its answer: the claim is sent at least twice, and lands twice.
    let resuming = async {
        tokio::time::sleep(PATIENT / 3 + Duration::from_millis(300)).await;
        server.resume();
    };
    let ((answer, outcome), ()) = tokio::join!(call(&idem, PLAN, "1", &runs), resuming);
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: true, .. }), "{outcome:?}");
    assert_replays(&idem, "1", 1).await;
}

async fn a_caller_that_stops_polling_while_it_connects_stops_nobody_else(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut proxy = Proxy::start(server.address()).await;
    let idem = spoken.warm_engine(&server.url_by_way_of(proxy.address()), PATIENT).await;
    let runs = AtomicUsize::new(0);
    proxy.cut_all();
    // Its hello gets no answer for now, and then it is not polled any more.
    let hello = proxy.hold_request("HELLO");
    let mut stuck = Box::pin(call(&idem, PLAN, "1", &runs));
    let caught = tokio::select! {
        answer = &mut stuck => panic!("{answer:?}"),
        caught = hello.caught() => caught,
    };
    let delivering = tokio::spawn(caught.deliver());
    assert_eq!(call(&idem, PLAN, "2", &runs).await.0.unwrap(), 1);
    delivering.await.unwrap();
    assert_eq!(stuck.await.0.unwrap(), 2);
    proxy.refuse().await;
}

/// A server that keeps what it was told over a crash.
fn durable(spoken: Spoken) -> Server {
    Server::with(spoken.flavour()).config("appendonly", "yes").start()
}

async fn a_server_that_goes_during_the_body_and_comes_back_in_time(spoken: Spoken) {
    let mut server = durable(spoken);
    let idem = spoken.engine(&server.url(), TIMEOUT).await;
    for fails in [false, true] {
        let (runs, key) = (AtomicUsize::new(0), fails);
        let body = async {
            server.kill();
            runs.fetch_add(1, Ordering::Relaxed);
            if fails { Err(Error::in_flight("the body's own", SOON)) } else { Ok(7) }
        };
        let (answer, outcome) = with_outcome(idem.call(&PLAN, idem::key!("op:{key}"), body)).await;
        assert!(matches!(outcome, Outcome::Ran { attempt: 1, stored: false, .. }), "{outcome:?}");
        let expected = if fails {
            let error = answer.unwrap_err().to_string();
            assert!(error.contains("the body's own"), "{error}");
            State::Free
        } else {
            assert_eq!(answer.unwrap(), 7);
            State::Completed
        };
        server.start_again();
        kit::wait_for("the key to be settled in the background", SOON, async || {
            let entry = idem.get(&idem::key!("op:{key}")).await;
            entry.is_ok_and(|entry| entry.unwrap().state == Some(expected))
        })
        .await;
        // And shutdown has nothing more to wait for.
        assert_eq!(idem.shutdown(SOON).await, 0);
        assert_eq!(runs.into_inner(), 1);
    }
    assert_replays(&idem, "false", 7).await;
}

async fn a_server_that_comes_back_after_the_lease(spoken: Spoken) {
    let lease = Duration::from_millis(1500);
    let mut server = durable(spoken);
    let idem = spoken.engine(&server.url(), TIMEOUT).await;
    let (runs, key) = (AtomicUsize::new(0), "1");
    let asked = Instant::now();
    let body = async {
        server.kill();
        Ok::<_, Error>(runs.fetch_add(1, Ordering::Relaxed) + 1)
    };
    let plan = PLAN.lease(lease);
    let (answer, outcome) = with_outcome(idem.call(&plan, idem::key!("op:{key}"), body)).await;
    assert_eq!(answer.unwrap(), 1);
    assert!(matches!(outcome, Outcome::Ran { stored: false, .. }), "{outcome:?}");
    // Nobody tries any longer than the lease can stand.
    assert_eq!(idem.shutdown(SOON).await, 0);
    tokio::time::sleep(lease.saturating_sub(asked.elapsed())).await;
    server.start_again();
    let (answer, outcome) = call(&idem, plan.wait(SOON), key, &runs).await;
    assert_eq!(answer.unwrap(), 2);
    assert!(matches!(outcome, Outcome::Ran { attempt: 2, stored: true, .. }), "{outcome:?}");
    assert!(asked.elapsed() >= lease, "{:?}", asked.elapsed());
}
