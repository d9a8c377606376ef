//! A call that ends before its answer: by a panic, or because its caller drops it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use idem::{Idem, Outcome};
use kit::proxy::Proxy;
use sqlx::{Connection as _, MySql, Transaction};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::bank::{self, Bank, Driver, PLAN, SOON, Then, key};

on_every_database! {
    a_panic_undoes_the_call_and_nothing_else
    a_call_that_is_dropped_in_its_body_is_undone_and_nothing_else
    a_call_that_is_dropped_anywhere_is_whole_or_undone
}

async fn a_panic_undoes_the_call_and_nothing_else<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    {
        let body = bank.then(10, Then::Panic);
        let mut call = pin!(DB::call(&idem, &mut tx, &PLAN, key(1), body));
        let panicked = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
            polled.map_or(Poll::Ready(true), |polled| polled.map(|_| false))
        });
        assert!(panicked.await, "the panic goes on");
    }
    only_the_callers_own_remain(&bank, &idem, tx).await;
}

/// H55a
async fn a_call_that_is_dropped_in_its_body_is_undone_and_nothing_else<DB: Driver>(bank: Bank<DB>) {
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    bank.enter(&mut tx, 1).await;
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let body = bank.then(10, Then::Wait { begun: Arc::clone(&begun), go });
    tokio::select! {
        answer = DB::call(&idem, &mut tx, &PLAN, key(1), body) => panic!("{answer:?}"),
        () = begun.notified() => {}
    }
    only_the_callers_own_remain(&bank, &idem, tx).await;
    assert_eq!(idem.shutdown(SOON).await, 0);
}

/// The caller commits, after a call that wrote 10 and was undone.
async fn only_the_callers_own_remain<DB: Driver>(
    bank: &Bank<DB>,
    idem: &Idem,
    mut tx: Transaction<'_, DB>,
) {
    bank.enter(&mut tx, 2).await;
    tx.commit().await.unwrap();
    for (value, entries) in [(1, 1), (2, 1), (10, 0)] {
        assert_eq!(bank.entries_of(value).await, entries, "{value}");
    }
    assert_eq!(bank.records().await, 0);
    let mut tx = bank.begin().await;
    let (value, outcome) = bank.pay(idem, &mut tx, 1, 11).await;
    assert_eq!(value.unwrap(), 11);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "{outcome:?}");
    tx.commit().await.unwrap();
}

/// C39: each of its await points, one after another. Whatever the caller had written is there in
/// the end, and the call's entry with its record, or neither.
async fn a_call_that_is_dropped_anywhere_is_whole_or_undone<DB: Driver>(bank: Bank<DB>) {
    // Whose statements are prepared: what becomes of a connection when that is dropped is sqlx's.
    let bank = bank.by_one_connection();
    let idem = bank.engine().await;
    let mut tx = bank.begin().await;
    for _ in 0..2 {
        bank.pay(&idem, &mut tx, 0, 0).await.0.unwrap();
        bank.enter(&mut tx, 0).await;
    }
    tx.commit().await.unwrap();

    let (mut whole, mut undone) = (0, 0);
    // On a busy machine a server may have answered before it is asked whether it has: then no poll
    // leaves anything to be dropped, and there are more rounds.
    for round in 0..100 {
        if round >= 5 && undone > 0 {
            break;
        }
        for polls in 1.. {
            let (number, own) = (round * 1000 + polls, round * 1000 + polls + 100_000);
            let mut tx = bank.begin().await;
            bank.enter(&mut tx, own).await;
            let answered = {
                let call = bank.pay(&idem, &mut tx, number.unsigned_abs(), number);
                polled(call, polls).await.map(|(answer, _)| answer.unwrap())
            };
            let rest = async {
                bank.enter(&mut tx, own).await;
                tx.commit().await.unwrap();
            };
            timeout(SOON, rest).await.expect("the transaction is usable");
            assert_eq!(bank.entries_of(own).await, 2, "after {polls} polls");
            let entries = bank.entries_of(number).await;
            assert!(answered.is_none() || entries == 1, "after {polls} polls");
            (whole, undone) = (whole + entries, undone + 1 - entries);
            assert_eq!(bank.records().await, 1 + whole, "after {polls} polls");
            if answered.is_some() {
                break;
            }
        }
    }
    assert!(undone > 0, "none was dropped in time");
}

/// What it answers, unless it is dropped after so many polls.
async fn polled<F: Future>(future: F, mut polls: i64) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// What the guide says of sqlx's connections, which a drop may leave with an answer that nobody reads:
/// here that to what is being prepared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_is_whole_again_when_a_dropped_calls_connection_is_closed() {
    let bank = bank::mariadb().await;
    let idem = bank.engine().await;
    let proxy = Proxy::start(MySql::server().address()).await;
    let through = bank.by_way_of(proxy.address()).by_one_connection();
    let mut connection = through.pool.acquire().await.unwrap();
    let preparing = proxy.hold_request(&bank.table);
    let mut tx = connection.begin().await.unwrap();
    bank.enter(&mut tx, 1).await;
    let prepared = tokio::select! {
        answer = bank.pay(&idem, &mut tx, 1, 10) => panic!("{answer:?}"),
        prepared = preparing.caught() => prepared,
    };
    drop(tx);
    prepared.deliver().await;
    connection.close_on_drop();
    drop(connection);

    let mut tx = through.begin().await;
    let (value, outcome) = through.pay(&idem, &mut tx, 1, 11).await;
    assert_eq!(value.unwrap(), 11);
    assert!(matches!(outcome, Outcome::Ran { attempt: 1, .. }), "{outcome:?}");
    tx.commit().await.unwrap();
    assert_eq!(bank.entries().await, 1);
}
