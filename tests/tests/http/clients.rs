//! Clients that leave, servers that shut down, handlers that panic.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request as AxumRequest, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use axum::{Json, serve};
use idem::{Error, IdempotencyKey, idempotent};
use kit::http::Request;
use tokio::sync::{Notify, Semaphore};

use crate::support::{App, Left, User, assert_problem, every_store, listen};

#[idempotent(key = "first:{user}:{key}", strategy = "setnx", wait = "60s", fingerprint = "off")]
async fn effect_first(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    let number = app.effect();
    app.pause().await;
    Ok(Json(number))
}

#[idempotent(key = "last:{user}:{key}", strategy = "setnx", wait = "60s", fingerprint = "off")]
async fn effect_last(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    app.pause().await;
    Ok(Json(app.effect()))
}

#[idempotent(key = "plain:{user}:{key}", strategy = "setnx", engine = app.idem, fingerprint = "off")]
async fn without_wait(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    app.pause().await;
    Ok(Json(app.effect()))
}

#[idempotent(key = "panics:{user}:{key}", strategy = "setnx", engine = app.idem, fingerprint = "off")]
async fn panics(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    panic!("after effect {}", app.effect());
}

#[idempotent(key = "until_left:{user}:{key}", strategy = "setnx", fingerprint = "off")]
async fn until_left(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    app.enter();
    idem::attempt().cancelled().await;
    Ok(Json(app.effect()))
}

fn routes() -> Router<App> {
    Router::new()
        .route("/until_left", post(until_left))
        .route("/first", post(effect_first))
        .route("/last", post(effect_last))
        .route("/plain", post(without_wait))
        .route("/panics", post(panics))
}

/// How long a test waits for what happens at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

fn request(path: &str) -> Request {
    Request::post(path).header("X-User", "ada").key("k-1")
}

/// Tells of a request whose client has left.
pub(crate) async fn tell(
    State(left): State<Arc<Semaphore>>,
    request: AxumRequest,
    next: Next,
) -> Response {
    let left = Left(left);
    let response = next.run(request).await;
    left.answered();
    response
}

/// H40
#[tokio::test]
async fn a_client_that_leaves_stops_no_body() {
    for place in every_store() {
        for path in ["/first", "/last"] {
            let app = App::at(&place).await;
            let left = Arc::new(Semaphore::new(0));
            let routes = routes()
                .layer(app.idem.layer())
                .layer(from_fn_with_state(Arc::clone(&left), tell))
                .with_state(app.clone());
            let server = listen(routes).await;
            let client = request(path).start(server).await;
            app.paused().await;
            drop(client);
            left.acquire().await.expect("never closed").forget();
            app.let_go();
            let again = request(path).send(server).await;
            assert_eq!(
                (again.status, again.text(), again.is_replayed()),
                (200, "1", true),
                "{path}"
            );
            assert_eq!(app.effects(), 1);
        }
    }
}

/// A body that wants to know is told that its client has left, and is polled on.
#[tokio::test]
async fn a_body_is_told_that_its_client_has_left() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    let client = request("/until_left").start(server).await;
    app.paused().await;
    drop(client);
    kit::wait_for("the answer", SOON, async || {
        request("/until_left").send(server).await.status == 200
    })
    .await;
    let again = request("/until_left").send(server).await;
    assert_eq!((again.text(), again.is_replayed(), app.effects()), ("1", true, 1));
}

/// H28: nothing is left of those who waited.
#[tokio::test]
async fn clients_that_leave_while_they_wait_leave_nothing_behind() {
    for place in every_store() {
        let app = App::at(&place).await;
        let left = Arc::new(Semaphore::new(0));
        let routes = routes()
            .layer(app.idem.layer())
            .layer(from_fn_with_state(Arc::clone(&left), tell))
            .with_state(app.clone());
        let server = listen(routes).await;
        let owner = request("/last").start(server).await;
        app.paused().await;
        let before = tasks();
        for _ in 0..10 {
            let waiter = request("/last").start(server).await;
            kit::wait_for("the waiter", SOON, async || tasks() > before).await;
            drop(waiter);
            left.acquire().await.expect("never closed").forget();
            kit::wait_for("the waiter to be gone", SOON, async || tasks() <= before).await;
        }
        app.let_go();
        assert_eq!(owner.answer().await.expect("an answer").text(), "1");
        assert_eq!((app.effects(), app.idem.shutdown(Duration::ZERO).await), (1, 0));
    }
}

/// How many tasks there are on this runtime.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// The control: it is the layer that keeps the body alive.
#[tokio::test]
async fn without_the_layer_a_client_that_leaves_drops_the_body_and_its_claim_is_held() {
    let app = App::in_memory();
    let left = Arc::new(Semaphore::new(0));
    let routes = routes().layer(from_fn_with_state(Arc::clone(&left), tell));
    let server = listen(routes.with_state(app.clone())).await;
    let client = request("/plain").start(server).await;
    app.paused().await;
    drop(client);
    left.acquire().await.expect("never closed").forget();
    app.let_go();
    assert_problem(&request("/plain").send(server).await, 409, "in-flight");
    assert_eq!(app.effects(), 0);
}

/// H41: axum waits for requests whose clients are there; `shutdown` for bodies whose clients have
/// left.
#[tokio::test]
async fn a_shutdown_waits_for_bodies_with_and_without_their_client() {
    for place in every_store() {
        let app = App::at(&place).await;
        let left = Arc::new(Semaphore::new(0));
        let routes = routes()
            .layer(app.idem.layer())
            .layer(from_fn_with_state(Arc::clone(&left), tell))
            .with_state(app.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = listener.local_addr().expect("an address");
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let serving = tokio::spawn(async move {
            serve(listener, routes)
                .with_graceful_shutdown(async move { stopped.notified().await })
                .await
        });

        let stays = request("/first").start(server).await;
        app.paused().await;
        let leaves = request("/last").start(server).await;
        app.paused().await;
        drop(leaves);
        left.acquire().await.expect("never closed").forget();
        stop.notify_one();
        assert_eq!(app.idem.shutdown(Duration::from_millis(1)).await, 2);

        let idem = app.idem.clone();
        let shutdown = tokio::spawn(async move { idem.shutdown(Duration::from_secs(30)).await });
        app.let_go();
        app.let_go();
        assert_eq!(stays.answer().await.expect("an answer").text(), "1");
        serving.await.expect("no panic").expect("served");
        assert_eq!(shutdown.await.expect("no panic"), 0);
        assert_eq!(app.effects(), 2);

        // The next process finds both results.
        let next = app.beside(place.engine().await);
        let server = next.serve(self::routes()).await;
        for path in ["/first", "/last"] {
            assert!(request(path).send(server).await.is_replayed(), "{path}");
        }
        assert_eq!(app.effects(), 2);
    }
}

/// H36
#[tokio::test]
async fn a_panic_goes_on_to_the_server_as_without_the_layer() {
    let app = App::in_memory();
    let servers = [app.serve(routes()).await, listen(routes().with_state(app.clone())).await];
    for (number, server) in servers.into_iter().enumerate() {
        let request =
            || Request::post("/panics").header("X-User", "ada").key(format!("k-{number}"));
        assert_eq!(request().start(server).await.answer().await, None);
        // The process lives, and the claim is held: what the body did is not known.
        assert_problem(&request().send(server).await, 409, "in-flight");
        assert_eq!(app.effects(), number + 1);
    }
}

/// H27
#[tokio::test]
async fn a_duplicate_waits_as_long_as_it_may_and_is_told_when_to_ask_again() {
    #[idempotent(
        key = "patient:{user}:{key}",
        strategy = "setnx",
        wait = "300ms",
        fingerprint = "off"
    )]
    async fn patient(
        State(app): State<App>,
        user: User,
        key: IdempotencyKey,
    ) -> Result<Json<usize>, Error> {
        app.pause().await;
        Ok(Json(app.effect()))
    }

    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(Router::new().route("/patient", post(patient))).await;
        let first = request("/patient").start(server).await;
        app.paused().await;
        let asked = std::time::Instant::now();
        let again = request("/patient").send(server).await;
        assert!(asked.elapsed() >= Duration::from_millis(300));
        assert_problem(&again, 409, "in-flight");
        let after: u64 = again.header("retry-after").expect("a time").parse().expect("seconds");
        assert!(after >= 1);
        app.let_go();
        assert_eq!(first.answer().await.expect("an answer").text(), "1");
    }
}
