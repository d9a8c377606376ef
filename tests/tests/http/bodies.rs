//! Bodies that are too large, that stream, or that break.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http_body::{Body as HttpBody, Frame, SizeHint};
use idem::{Error, Idem, idempotent};
use kit::http::Request;

use crate::support::{App, assert_problem, every_store};

/// A body that comes in pieces, with a pause before each.
struct Pieces {
    left: VecDeque<Result<&'static str, io::Error>>,
    /// What it says of its length.
    length: Option<u64>,
    paused: bool,
}

fn pieces<const N: usize>(pieces: [&'static str; N], length: Option<u64>) -> Pieces {
    Pieces { left: pieces.map(Ok).into(), length, paused: false }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.paused = !self.paused;
        if self.paused {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = self.left.pop_front();
        Poll::Ready(
            piece.map(|piece| piece.map(|text| Frame::data(Bytes::from_static(text.as_bytes())))),
        )
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[idempotent(key = "text:{length}", strategy = "setnx")]
async fn text(State(app): State<App>, Path(length): Path<usize>) -> Response {
    app.effect();
    "x".repeat(length).into_response()
}

#[idempotent(key = "json:{length}", strategy = "setnx")]
async fn json(State(app): State<App>, Path(length): Path<usize>) -> Result<Json<String>, Error> {
    app.effect();
    Ok(Json("x".repeat(length)))
}

#[idempotent(key = "events:{shape}", strategy = "setnx")]
async fn shaped(State(app): State<App>, Path(shape): Path<String>) -> Response {
    app.effect();
    match &*shape {
        "events" => {
            let events = ["one", "two"].map(|text| Ok::<_, io::Error>(Event::default().data(text)));
            Sse::new(tokio_stream::iter(events)).into_response()
        }
        "endless" => Body::new(pieces(["a", "bc", "d"], None)).into_response(),
        "known" => Body::new(pieces(["a", "bc", "d"], Some(4))).into_response(),
        "longer" => Body::new(pieces(["a", "bc", LONG], Some(4))).into_response(),
        _ => {
            let mut broken = pieces(["a", "bc"], Some(4));
            broken.left.push_back(Err(io::Error::other("the disk is gone")));
            Body::new(broken).into_response()
        }
    }
}

/// More than fits beside the rest.
const LONG: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

#[idempotent(key = "upload:{id}", strategy = "setnx")]
async fn upload(
    State(app): State<App>,
    Path(id): Path<u8>,
    Json(_): Json<serde_json::Value>,
) -> Result<Json<usize>, Error> {
    Ok(Json(app.effect()))
}

fn routes() -> Router<App> {
    Router::new()
        .route("/text/{length}", post(text))
        .route("/json/{length}", post(json))
        .route("/shaped/{shape}", post(shaped))
        .route("/upload/{id}", post(upload))
}

/// The largest result that the engine stores.
const LIMIT: usize = 1000;

/// H77
#[tokio::test]
async fn a_response_over_the_cap_goes_out_in_full_and_is_not_stored() {
    for place in every_store() {
        let idem = place.builder().await.max_result(LIMIT).build().await.expect("an engine");
        let app = App::with(idem);
        let server = app.serve(routes()).await;
        for (number, path) in ["text", "json"].into_iter().enumerate() {
            let path = format!("/{path}/{LIMIT}");
            let first = Request::post(&path).send(server).await;
            assert_eq!(first.status, 200);
            assert_eq!(first.text().matches('x').count(), LIMIT);
            let again = Request::post(&path).send(server).await;
            assert_problem(&again, 409, "result-not-stored");
            assert_eq!(again.header("retry-after"), None);
            assert_eq!(app.effects(), number + 1);
        }
        let below = "/text/900";
        assert_eq!(Request::post(below).send(server).await.body.len(), 900);
        let again = Request::post(below).send(server).await;
        assert_eq!((again.body.len(), again.is_replayed()), (900, true));
    }
}

/// H78, C76
#[tokio::test]
async fn a_body_of_unknown_length_streams_and_is_not_stored() {
    for place in every_store() {
        let app = App::at(&place).await;
        let server = app.serve(routes()).await;
        for (number, shape) in ["events", "endless"].into_iter().enumerate() {
            let path = format!("/shaped/{shape}");
            let first = Request::post(&path).send(server).await;
            assert_eq!((first.status, first.header("transfer-encoding")), (200, Some("chunked")));
            let last = if shape == "events" { "data: two" } else { "d" };
            assert!(first.text().contains(last), "{}", first.text());
            assert_problem(&Request::post(&path).send(server).await, 409, "result-not-stored");
            assert_eq!(app.effects(), number + 1);
        }
    }
}

#[tokio::test]
async fn a_body_of_known_length_is_stored_however_it_comes() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    for replayed in [false, true] {
        let answer = Request::post("/shaped/known").send(server).await;
        assert_eq!((answer.text(), answer.header("content-length")), ("abcd", Some("4")));
        assert_eq!(answer.is_replayed(), replayed);
    }
}

/// C76: its client must not take what there is of it for the whole.
#[tokio::test]
async fn a_body_that_breaks_is_not_stored_and_nothing_runs_again() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    let first = Request::post("/shaped/broken").start(server).await.answer().await;
    assert!(first.is_none_or(|answer| !answer.body.ends_with(b"0\r\n\r\n")));
    assert_problem(&Request::post("/shaped/broken").send(server).await, 409, "result-not-stored");
    assert_eq!(app.effects(), 1);
}

#[tokio::test]
async fn a_body_that_is_longer_than_it_said_loses_nothing() {
    let app = App::with(Idem::builder().memory().max_result(40).build().await.expect("memory"));
    let server = app.serve(routes()).await;
    let first = Request::post("/shaped/longer").send(server).await;
    assert!(first.text().contains("bc"));
    assert_eq!(first.text().matches('z').count(), LONG.len());
    assert_problem(&Request::post("/shaped/longer").send(server).await, 409, "result-not-stored");
}

/// H76
#[tokio::test]
async fn a_request_body_over_axums_limit_claims_nothing() {
    let app = App::in_memory();
    let server = app.serve(routes()).await;
    let huge = format!("\"{}\"", "x".repeat(50 * 1024 * 1024));
    let sent = Request::post("/upload/1").json(&huge).start(server).await;
    // The connection may be reset under what is still being sent.
    assert!(sent.answer().await.is_none_or(|answer| answer.status == 413));
    assert_eq!(app.effects(), 0);
    let corrected = Request::post("/upload/1").json("1").send(server).await;
    assert_eq!((corrected.text(), corrected.is_replayed()), ("1", false));
}
