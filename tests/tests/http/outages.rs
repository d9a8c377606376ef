//! A store that is gone: what clients are told, and what has run.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idem::{Error, Idem, IdempotencyKey, idempotent};
use kit::faulty::{Fault, Faulty, Step};
use kit::http::Request;

use crate::support::{App, User, assert_problem, listen};

#[idempotent(key = "pay:{user}:{key}", strategy = "setnx", fingerprint = "off")]
async fn pay(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<(StatusCode, Json<usize>), Error> {
    Ok((StatusCode::CREATED, Json(app.effect())))
}

#[idempotent(key = "lax:{user}:{key}", strategy = "setnx", on_outage = "run", fingerprint = "off")]
async fn lax(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    Ok(Json(app.effect()))
}

fn routes() -> Router<App> {
    Router::new().route("/pay", post(pay)).route("/lax", post(lax))
}

fn request(path: &str) -> Request {
    Request::post(path).header("X-User", "ada").key("k-1")
}

async fn app(store: &Faulty) -> App {
    App::with(Idem::builder().store(store.clone()).build().await.expect("a store that answers"))
}

/// H37
#[tokio::test]
async fn a_store_that_is_gone_before_the_claim_is_503_and_no_effect() {
    let store = Faulty::new();
    let app = app(&store).await;
    let server = app.serve(routes()).await;
    store.always(Step::Claim, Fault::Unreached);
    let answer = request("/pay").send(server).await;
    assert_problem(&answer, 503, "outage");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(app.effects(), 0);
    assert_eq!(request("/lax").send(server).await.text(), "1");
    store.heal();
    let retried = request("/pay").send(server).await;
    assert_eq!((retried.status, retried.text(), retried.is_replayed()), (201, "2", false));
}

/// H38
#[tokio::test]
async fn a_store_that_is_gone_before_the_result_costs_the_client_nothing() {
    let store = Faulty::new();
    let app = app(&store).await;
    let server = app.serve(routes()).await;
    store.once(Step::Complete, Fault::Undone);
    let first = request("/pay").send(server).await;
    assert_eq!((first.status, first.text()), (201, "1"));
    let again = request("/pay").send(server).await;
    assert!(again.is_replayed() || again.status == 409, "{}", again.text());
    assert_eq!(app.effects(), 1);
    // It goes on being stored.
    kit::wait_for("the result", std::time::Duration::from_secs(30), async || {
        request("/pay").send(server).await.is_replayed()
    })
    .await;
    assert_eq!(app.effects(), 1);
}

#[tokio::test]
async fn a_service_without_an_engine_says_so_to_its_operators_alone() {
    let app = App::in_memory();
    let server = listen(routes().with_state(app.clone())).await;
    let answer = request("/pay").send(server).await;
    assert_problem(&answer, 500, "not-installed");
    assert!(!answer.text().contains("Idem::builder"), "{}", answer.text());
    assert_eq!(app.effects(), 0);
}
