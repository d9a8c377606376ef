//! Whose request it is, and whether it is the same one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use idem::{Error, IdempotencyKey, idempotent};
use kit::http::Request;
use serde::{Deserialize, Serialize};

use crate::support::{App, User, assert_problem, every_store};

#[derive(Serialize, Deserialize)]
struct Order {
    item: String,
    count: f64,
}

#[idempotent(key = "orders:{user}:{key}", strategy = "setnx", fingerprint(order, query))]
async fn orders(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    RawQuery(query): RawQuery,
    Json(order): Json<Order>,
) -> Result<Json<String>, Error> {
    Ok(Json(format!("{} of {} for {}", app.effect(), order.item, user.0)))
}

#[idempotent(key = "refunds:{user}:{key}", strategy = "setnx", fingerprint(order))]
async fn refunds(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(order): Json<Order>,
) -> Result<Json<String>, Error> {
    Ok(Json(format!("refund {} of {}", app.effect(), order.item)))
}

#[idempotent(key = "slow:{user}:{key}", strategy = "setnx", fingerprint(order))]
async fn slow(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(order): Json<Order>,
) -> Result<Json<String>, Error> {
    app.pause().await;
    Ok(Json(order.item))
}

fn routes() -> Router<App> {
    Router::new()
        .route("/orders", post(orders))
        .route("/refunds", post(refunds))
        .route("/slow", post(slow))
}

fn request(path: &str, user: &str) -> Request {
    Request::post(path).header("X-User", user).key("k-1")
}

const ORDER: &str = r#"{"item":"tea","count":1.0}"#;

/// H16
#[tokio::test]
async fn two_users_with_one_key_have_two_requests() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        let ada = request("/orders", "ada").json(ORDER).send(server).await;
        let bob = request("/orders", "bob").json(ORDER).send(server).await;
        assert_eq!((ada.text(), bob.text()), ("\"1 of tea for ada\"", "\"2 of tea for bob\""));
        assert!(!bob.is_replayed());
    }
}

/// H17: the stored answer is nobody's who may not ask any more: authentication comes before it.
#[tokio::test]
async fn who_may_not_ask_any_more_gets_no_stored_answer() {
    let app = App::in_memory();
    let revoked = Arc::new(AtomicBool::new(false));
    let authorize = from_fn_with_state(Arc::clone(&revoked), authorized);
    let server = app.serve(routes().layer(authorize)).await;
    assert_eq!(request("/orders", "ada").json(ORDER).send(server).await.status, 200);
    revoked.store(true, Ordering::SeqCst);
    let refused = request("/orders", "ada").json(ORDER).send(server).await;
    assert_eq!((refused.status, refused.text()), (403, ""));
    let nobody = Request::post("/refunds").key("k-1").json(ORDER).send(server).await;
    assert_eq!((nobody.status, nobody.text()), (401, ""));
    assert_eq!(app.effects(), 1);
}

/// Whether a user may order.
async fn authorized(
    State(revoked): State<Arc<AtomicBool>>,
    request: axum::extract::Request,
    next: Next,
) -> Result<Response, StatusCode> {
    if request.uri().path() == "/orders" && revoked.load(Ordering::SeqCst) {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(next.run(request).await)
}

/// H18
#[tokio::test]
async fn one_key_on_two_routes_is_two_requests() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    assert_eq!(request("/orders", "ada").json(ORDER).send(server).await.status, 200);
    let refund = request("/refunds", "ada").json(ORDER).send(server).await;
    assert_eq!((refund.text(), refund.is_replayed()), ("\"refund 2 of tea\"", false));
}

/// H21, H23
#[tokio::test]
async fn another_payload_is_refused_and_told_nothing() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        assert_eq!(request("/orders", "ada").json(ORDER).send(server).await.status, 200);
        for (path, body) in [
            ("/orders", r#"{"item":"tee","count":1.0}"#),
            ("/orders", r#"{"item":"tea","count":2.0}"#),
            ("/orders?express", ORDER),
        ] {
            let other = request(path, "ada").json(body).send(server).await;
            assert_problem(&other, 422, "mismatch");
            assert_eq!(other.header("retry-after"), None);
            for secret in ["tea", "ada", "k-1"] {
                assert!(!other.text().contains(secret), "{}", other.text());
            }
        }
        assert_eq!(app.effects(), 1);
    }
}

/// H24: `1` and `1.0` are one number to the type that they are read as.
#[tokio::test]
async fn payloads_are_compared_as_values() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    for body in [ORDER, r#"{"count": 1, "item": "tea"}"#] {
        assert_eq!(
            request("/orders", "ada").json(body).send(server).await.text(),
            "\"1 of tea for ada\""
        );
    }
}

/// H22
#[tokio::test]
async fn another_payload_is_refused_while_the_first_is_in_flight() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        let first = request("/slow", "ada").json(ORDER).start(server).await;
        app.paused().await;
        let other = request("/slow", "ada").json(r#"{"item":"gin","count":1}"#).send(server).await;
        assert_problem(&other, 422, "mismatch");
        let same = request("/slow", "ada").json(ORDER).send(server).await;
        assert_problem(&same, 409, "in-flight");
        let after: u64 = same.header("retry-after").expect("a time").parse().expect("seconds");
        assert!((1..=30).contains(&after), "{after}");
        app.let_go();
        assert_eq!(first.answer().await.expect("an answer").text(), "\"tea\"");
    }
}

/// H31, C43
#[tokio::test]
async fn a_request_that_an_extractor_refuses_claims_nothing() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    let untyped = request("/orders", "ada").send(server).await;
    assert_eq!(untyped.status, 415);
    for (body, status) in [("{", 400), (r#"{"item":"tea"}"#, 422)] {
        assert_eq!(request("/orders", "ada").json(body).send(server).await.status, status);
    }
    assert_eq!(app.effects(), 0);
    let corrected = request("/orders", "ada").json(ORDER).send(server).await;
    assert_eq!((corrected.status, corrected.is_replayed()), (200, false));
}
