//! Clients that leave or are out of time, servers that shut down, handlers that panic.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tonic::Code;
use tonic::transport::Server;

use super::service::{Client, Points, Watched, hurried, listen, lovelace, serve};
use super::{is, refusal, told};
use crate::support::{App, every_store};

/// A client calls, and leaves while the body runs; returns when the server has noticed.
async fn call_and_leave(client: &Client, app: &App, left: &Semaphore) {
    let leaver = client.clone();
    let call = tokio::spawn(async move { leaver.send("slow", lovelace("tea")).await });
    app.paused().await;
    call.abort();
    left.acquire().await.expect("never closed").forget();
}

/// Waits until the duplicate of a call has its answer.
async fn duplicate(client: &Client) -> (String, bool) {
    kit::wait_for("the answer", Duration::from_secs(30), async || {
        client.call("slow", "tea").await.is_ok()
    })
    .await;
    told(client.call("slow", "tea").await)
}

#[tokio::test]
async fn a_call_that_is_cancelled_stops_no_body() {
    for place in every_store() {
        let app = App::at(&place).await;
        let left = Arc::new(Semaphore::new(0));
        let (listener, address) = listen().await;
        let server = Server::builder()
            .layer(Watched::by(&left))
            .layer(app.idem.layer())
            .add_service(Points(app.clone()));
        tokio::spawn(server.serve_with_incoming(listener));

        let client = Client::of(address).await;
        call_and_leave(&client, &app, &left).await;
        app.let_go();
        assert_eq!(duplicate(&client).await, ("1 of tea".to_owned(), true));
        assert_eq!(app.effects(), 1);
    }
}

/// The control: it is the layer that keeps the body alive.
#[tokio::test]
async fn without_the_layer_a_call_that_is_cancelled_drops_the_body_and_its_claim_is_held() {
    let app = App::in_memory();
    let left = Arc::new(Semaphore::new(0));
    let (listener, address) = listen().await;
    let server = Server::builder().layer(Watched::by(&left)).add_service(Points(app.clone()));
    tokio::spawn(server.serve_with_incoming(listener));

    let client = Client::of(address).await;
    call_and_leave(&client, &app, &left).await;
    app.let_go();
    let again = refusal(client.call("slow", "tea").await);
    assert_eq!(again, is(Code::Aborted, "IN_FLIGHT", true));
}

/// The server gives up a call whose deadline is over, as its client does.
#[tokio::test]
async fn a_deadline_stops_no_body() {
    let app = App::in_memory();
    let client = serve(&app).await;
    let late = client.send("slow", hurried("tea", Duration::from_secs(1))).await;
    let code = late.expect_err("its time is over").code();
    assert!(matches!(code, Code::Cancelled | Code::DeadlineExceeded), "{code:?}");
    app.paused().await;
    app.let_go();
    assert_eq!(duplicate(&client).await, ("1 of tea".to_owned(), true));
    assert_eq!(app.effects(), 1);
}

#[tokio::test]
async fn a_shutdown_waits_for_a_body_whose_client_has_left() {
    let app = App::in_memory();
    let left = Arc::new(Semaphore::new(0));
    let (listener, address) = listen().await;
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let server = Server::builder()
        .layer(Watched::by(&left))
        .layer(app.idem.layer())
        .add_service(Points(app.clone()));
    let stopping = async move { stopped.notified().await };
    let serving = tokio::spawn(server.serve_with_incoming_shutdown(listener, stopping));

    let client = Client::of(address).await;
    call_and_leave(&client, &app, &left).await;
    drop(client);
    stop.notify_one();
    serving.await.expect("no panic").expect("served");
    assert_eq!(app.idem.shutdown(Duration::from_millis(1)).await, 1);

    let idem = app.idem.clone();
    let shutdown = tokio::spawn(async move { idem.shutdown(Duration::from_secs(30)).await });
    app.let_go();
    assert_eq!(shutdown.await.expect("no panic"), 0);
    let next = serve(&app).await;
    assert_eq!(told(next.call("slow", "tea").await), ("1 of tea".to_owned(), true));
}

#[tokio::test]
async fn a_panic_ends_its_call_and_holds_the_claim() {
    let app = App::in_memory();
    let client = serve(&app).await;
    client.call("panics", "").await.expect_err("it panics");
    let again = refusal(client.call("panics", "").await);
    assert_eq!(again, is(Code::Aborted, "IN_FLIGHT", true));
    assert_eq!(app.effects(), 1);
}
