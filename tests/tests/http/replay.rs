//! What a duplicate gets: the first answer, byte for byte.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router, debug_handler};
use idem::{Error, IdempotencyKey, idempotent};
use kit::http::{Answer, Request};
use serde::{Deserialize, Serialize};

use crate::support::{App, User, every_store};

#[derive(Serialize, Deserialize)]
struct Credit {
    account: String,
    points: u64,
}

#[derive(Serialize, Deserialize)]
struct Credited {
    number: usize,
    points: u64,
}

#[debug_handler(state = App)]
#[idempotent(key = "json:{user}:{key}", strategy = "setnx", engine = app.idem, fingerprint(credit))]
async fn json(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(credit): Json<Credit>,
) -> Result<Json<Credited>, Error> {
    Ok(Json(Credited { number: app.effect(), points: credit.points }))
}

#[idempotent(key = "created:{user}:{key}", strategy = "setnx", engine = app.idem, fingerprint(credit))]
#[debug_handler(state = App)]
async fn created(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(credit): Json<Credit>,
) -> Result<(StatusCode, Json<Credited>), Response> {
    Ok((StatusCode::CREATED, Json(Credited { number: app.effect(), points: credit.points })))
}

#[debug_handler(state = App)]
#[idempotent(key = "outright:{user}:{key}", strategy = "setnx", fingerprint(credit))]
async fn outright(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(credit): Json<Credit>,
) -> Response {
    let number = app.effect();
    let headers = [(header::LOCATION, format!("/credits/{number}"))];
    (StatusCode::CREATED, headers, Json(Credited { number, points: credit.points })).into_response()
}

#[idempotent(key = "shape:{path}", strategy = "setnx")]
async fn shape(State(app): State<App>, Path(path): Path<String>) -> Result<Response, Error> {
    let number = app.effect();
    Ok(match path.as_str() {
        "empty" => StatusCode::NO_CONTENT.into_response(),
        "binary" => vec![0xff, 0x00, 0xfe, b'\n'].into_response(),
        "redirect" => Redirect::to(&format!("/credits/{number}")).into_response(),
        "random" => rand::random::<u128>().to_string().into_response(),
        _ => {
            let mut response = "linked".into_response();
            let headers = response.headers_mut();
            for link in ["</credits?page=2>; rel=\"next\"", "</credits?page=9>; rel=\"last\""] {
                headers.append(header::LINK, link.parse().expect("a header's value"));
            }
            for (name, value) in [
                ("set-cookie", "session=1"),
                ("set-cookie", "csrf=2"),
                ("x-trace-id", "4bf92f35"),
                ("traceparent", "00-4bf92f35-01"),
                ("keep-alive", "timeout=5"),
                ("retry-after", "5"),
                ("etag", "\"7\""),
            ] {
                headers.append(name, value.parse().expect("a header's value"));
            }
            response
        }
    })
}

fn routes() -> Router<App> {
    Router::new()
        .route("/json", post(json))
        .route("/created", post(created))
        .route("/outright", post(outright))
        .route("/shape/{path}", post(shape))
}

const BODY: &str = r#"{"account":"a","points":10}"#;

fn request(path: &str) -> Request {
    Request::post(path).header("X-User", "ada").key("k-1")
}

/// What must be equal in two answers: all but when and over what they were sent.
fn lasting(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    answer.headers.retain(|(name, _)| !matches!(name.as_str(), "date" | "idempotent-replayed"));
    answer.headers.sort();
    answer
}

/// H9, H24, C77
#[tokio::test]
async fn every_return_type_is_replayed() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        for (number, (path, status)) in
            [("/json", 200), ("/created", 201), ("/outright", 201)].into_iter().enumerate()
        {
            let first = request(path).json(BODY).send(server).await;
            assert_eq!(first.status, status, "{path}");
            assert_eq!(first.text(), format!(r#"{{"number":{},"points":10}}"#, number + 1));
            assert!(!first.is_replayed());
            // The same JSON in another order and layout is the same request.
            let again =
                request(path).json(r#"{ "points": 10, "account": "a" }"#).send(server).await;
            assert!(again.is_replayed(), "{path}");
            assert_eq!(lasting(&again), lasting(&first), "{path}");
            assert_eq!(app.effects(), number + 1);
        }
        let located = request("/outright").json(BODY).send(server).await;
        assert_eq!(located.header("location"), Some("/credits/3"));
    }
}

/// H12, H13
#[tokio::test]
async fn bodies_and_statuses_of_every_shape_are_replayed_byte_for_byte() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        for (shape, status, body) in [
            ("empty", 204, Some(&b""[..])),
            ("binary", 200, Some(b"\xff\x00\xfe\n")),
            ("redirect", 303, Some(b"")),
            ("random", 200, None),
        ] {
            let path = format!("/shape/{shape}");
            let first = Request::post(&path).send(server).await;
            assert_eq!(first.status, status, "{shape}");
            assert!(body.is_none_or(|body| first.body == body), "{shape}");
            for _ in 0..if shape == "random" { 100 } else { 10 } {
                let again = Request::post(&path).send(server).await;
                assert!(again.is_replayed());
                assert_eq!(lasting(&again), lasting(&first), "{shape}");
            }
        }
        assert_eq!(app.effects(), 4);
    }
}

/// H11
#[tokio::test]
async fn repeated_headers_keep_their_order_and_what_is_one_clients_is_not_stored() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        let first = Request::post("/shape/linked").send(server).await;
        assert_eq!(first.all("set-cookie"), ["session=1", "csrf=2"]);
        assert_eq!(first.header("x-trace-id"), Some("4bf92f35"));
        let again = Request::post("/shape/linked").send(server).await;
        let links = ["</credits?page=2>; rel=\"next\"", "</credits?page=9>; rel=\"last\""];
        assert_eq!(first.all("link"), links);
        assert_eq!(again.all("link"), links);
        assert_eq!(again.header("etag"), Some("\"7\""));
        assert_eq!(again.header("content-type"), first.header("content-type"));
        for name in ["set-cookie", "x-trace-id", "traceparent", "keep-alive", "retry-after"] {
            assert!(again.all(name).is_empty(), "{name}");
        }
        assert_eq!(again.all("date").len(), 1);
    }
}
