//! The key as a client sends it: in which forms it is taken, and how anything else is refused.

use axum::extract::State;
use axum::http::HeaderName;
use axum::routing::{any, post};
use axum::{Json, Router};
use idem::{Error, Idem, IdempotencyKey, idempotent};
use kit::faulty::Faulty;
use kit::http::Request;

use crate::support::{App, User, assert_problem, listen};

#[idempotent(key = "pay:{user}:{key}", strategy = "setnx", fingerprint = "off")]
async fn pay(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    Ok(Json(app.effect()))
}

/// An app on a store that tells what it was asked.
async fn watched() -> (Faulty, App) {
    let store = Faulty::new();
    let engine = Idem::builder().store(store.clone()).build().await;
    (store, App::with(engine.expect("a store that answers")))
}

fn request() -> Request {
    Request::post("/pay").header("X-User", "ada")
}

/// H1
#[tokio::test]
async fn a_key_is_needed() {
    let (store, app) = watched().await;
    let server = app.serve(Router::new().route("/pay", post(pay))).await;
    let answer = request().send(server).await;
    assert_problem(&answer, 400, "missing");
    assert_eq!(answer.header("retry-after"), None);
    assert_eq!((app.effects(), store.steps()), (0, vec![]));
}

/// H2, C57
#[tokio::test]
async fn bare_and_quoted_are_one_key() {
    let app = App::in_memory();
    let server = app.serve(Router::new().route("/pay", post(pay))).await;
    let bare = request().key("8e03978e-40d5-43dd").send(server).await;
    let quoted = request().key("\"8e03978e-40d5-43dd\"").send(server).await;
    assert_eq!((bare.status, bare.text(), bare.is_replayed()), (200, "1", false));
    assert_eq!((quoted.status, quoted.text(), quoted.is_replayed()), (200, "1", true));
}

/// H3
#[tokio::test]
async fn a_strict_layer_takes_quoted_keys_only() {
    let app = App::in_memory();
    let routes = Router::new().route("/pay", post(pay)).layer(app.idem.layer().strict());
    let server = listen(routes.with_state(app.clone())).await;
    assert_problem(&request().key("k-1").send(server).await, 400, "unquoted");
    assert_eq!(app.effects(), 0);
    assert_eq!(request().key("\"k-1\"").send(server).await.text(), "1");
}

#[tokio::test]
async fn the_header_has_the_name_that_the_layer_says() {
    let app = App::in_memory();
    let layer = app.idem.layer().header(HeaderName::from_static("x-request-key"));
    let routes = Router::new().route("/pay", post(pay)).layer(layer);
    let server = listen(routes.with_state(app.clone())).await;
    assert_problem(&request().key("k-1").send(server).await, 400, "missing");
    assert_eq!(request().header("X-Request-Key", "k-1").send(server).await.text(), "1");
}

/// H4
#[tokio::test]
async fn an_escaped_quote_is_part_of_the_key() {
    let app = App::in_memory();
    let server = app.serve(Router::new().route("/pay", post(pay))).await;
    assert_eq!(request().key(r#""a\"b""#).send(server).await.text(), "1");
    let (user, key) = (User("ada".into()), "a\"b".parse::<IdempotencyKey>().expect("a key"));
    let key = idem::key!("pay:{user}:{key}");
    assert!(app.idem.get(&key).await.expect("memory answers").is_some());
    assert_problem(&request().key(r#""a\x""#).send(server).await, 400, "malformed");
}

/// H6, H7, C57
#[tokio::test]
async fn each_mistake_is_a_problem_of_its_own_and_has_no_effect() {
    let (store, app) = watched().await;
    let server = app.serve(Router::new().route("/pay", post(pay))).await;
    let mistakes: [(&[u8], &str); 10] = [
        (b"", "empty"),
        (b"\"\"", "empty"),
        (&[b'k'; 256], "too-long"),
        (b"a b", "characters"),
        (b"a\tb", "characters"),
        (b"\"a\tb\"", "characters"),
        ("schlüssel".as_bytes(), "characters"),
        (b"\"a\", \"b\"", "repeated"),
        (b"a, b", "repeated"),
        (b"\"a", "malformed"),
    ];
    for (key, name) in mistakes {
        let answer = request().key(key).send(server).await;
        assert_problem(&answer, 400, name);
        assert_eq!(answer.header("retry-after"), None);
    }
    let twice = request().key("a").key("a").send(server).await;
    assert_problem(&twice, 400, "repeated");
    assert_eq!((app.effects(), store.steps()), (0, vec![]));
    assert_eq!(request().key([b'k'; 255]).send(server).await.status, 200);
}

/// H7: no server lets such a line through to a handler.
#[tokio::test]
async fn a_control_character_has_no_effect() {
    let app = App::in_memory();
    let server = app.serve(Router::new().route("/pay", post(pay))).await;
    for key in [b"a\x00b", b"a\x07b", b"a\x7fb"] {
        assert_eq!(request().key(key).send(server).await.status, 400);
    }
    assert_eq!(app.effects(), 0);
}

/// H15
#[tokio::test]
async fn head_and_options_claim_nothing_and_have_no_effect() {
    let app = App::in_memory();
    let routes = Router::new().route("/pay", post(pay)).route("/any", any(pay));
    let server = app.serve(routes).await;
    for method in ["HEAD", "OPTIONS"] {
        for path in ["/pay", "/any"] {
            let asked = Request::new(method, path).header("X-User", "ada").key("k-1");
            let status = asked.send(server).await.status;
            assert!((400..500).contains(&status), "{method} {path}: {status}");
        }
    }
    assert_eq!(app.effects(), 0);
    let first = request().key("k-1").send(server).await;
    assert_eq!((first.text(), first.is_replayed()), ("1", false));
}
