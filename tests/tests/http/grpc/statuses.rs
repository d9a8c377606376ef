//! What a call that is not answered is told.

use idem::Idem;
use kit::faulty::{Fault, Faulty, Step};
use tonic::Code;
use tonic::transport::Server;

use super::service::{Client, Points, listen, serve};
use super::{is, refusal, told};
use crate::support::{App, every_store};

#[tokio::test]
async fn a_duplicate_in_flight_is_aborted_and_told_when_to_ask_again() {
    for place in every_store() {
        let app = App::at(&place).await;
        let client = serve(&app).await;
        let (first, again) = tokio::join!(client.call("slow", "tea"), async {
            app.paused().await;
            let again = client.call("slow", "tea").await;
            app.let_go();
            again
        });
        assert_eq!(refusal(again), is(Code::Aborted, "IN_FLIGHT", true));
        assert_eq!(told(first), ("1 of tea".to_owned(), false));
    }
}

#[tokio::test]
async fn a_duplicate_that_waits_gets_the_answer() {
    for place in every_store() {
        let app = App::at(&place).await;
        let client = serve(&app).await;
        let (first, again) = tokio::join!(client.call("patient", "tea"), async {
            app.paused().await;
            let (again, ()) = tokio::join!(client.call("patient", "tea"), async { app.let_go() });
            again
        });
        assert_eq!(told(first), ("1 of tea".to_owned(), false));
        assert_eq!(told(again), ("1 of tea".to_owned(), true));
        assert_eq!(app.effects(), 1);
    }
}

#[tokio::test]
async fn a_status_of_the_bodys_own_is_answered_as_it_is_and_frees_the_key() {
    for place in every_store() {
        let app = App::at(&place).await;
        let client = serve(&app).await;
        for number in ["1", "2"] {
            let status = client.call("refuse", "").await.expect_err("it refuses");
            assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, number));
            assert!(status.metadata().get("idempotent-replayed").is_none());
        }
    }
}

#[tokio::test]
async fn a_store_that_is_gone_is_unavailable_and_nothing_has_run() {
    let store = Faulty::new();
    let engine = Idem::builder().store(store.clone()).build().await;
    let app = App::with(engine.expect("a store that answers"));
    let client = serve(&app).await;
    store.always(Step::Claim, Fault::Unreached);
    let answer = client.call("add", "tea").await;
    assert_eq!(refusal(answer), is(Code::Unavailable, "OUTAGE", true));
    assert_eq!(app.effects(), 0);
    store.heal();
    assert_eq!(told(client.call("add", "tea").await), ("1 of tea for lovelace".to_owned(), false));
}

#[tokio::test]
async fn a_service_without_an_engine_is_an_internal_error() {
    let app = App::in_memory();
    let (listener, address) = listen().await;
    let router = Server::builder().add_service(Points(app.clone()));
    tokio::spawn(router.serve_with_incoming(listener));
    let answer = Client::of(address).await.call("add", "tea").await;
    assert_eq!(refusal(answer), is(Code::Internal, "NOT_INSTALLED", false));
    assert_eq!(app.effects(), 0);
}
