//! What a response's status makes of the key, and how `on_err` says otherwise.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem::{Error, OnErr, idempotent};
use kit::http::{Answer, Request};

use crate::support::{App, assert_problem, every_store};

fn response(app: &App, status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, app.effect().to_string()).into_response()
}

#[idempotent(key = "outright:{status}", strategy = "setnx")]
async fn outright(State(app): State<App>, Path(status): Path<u16>) -> Response {
    response(&app, status)
}

#[idempotent(key = "held:{status}", strategy = "setnx", on_err = "hold")]
async fn held(State(app): State<App>, Path(status): Path<u16>) -> Response {
    response(&app, status)
}

#[idempotent(key = "stored:{status}", strategy = "setnx", on_err = "store")]
async fn stored(State(app): State<App>, Path(status): Path<u16>) -> Response {
    response(&app, status)
}

fn judge(response: &Response) -> OnErr {
    match response.status().as_u16() {
        404 => OnErr::Release,
        500 => OnErr::Hold,
        _ => OnErr::Store,
    }
}

#[idempotent(key = "judged:{status}", strategy = "setnx", on_err = judge)]
async fn judged(State(app): State<App>, Path(status): Path<u16>) -> Response {
    response(&app, status)
}

#[idempotent(key = "in_ok:{status}", strategy = "setnx")]
async fn in_ok(State(app): State<App>, Path(status): Path<u16>) -> Result<Response, Error> {
    Ok(response(&app, status))
}

type Numbered = (StatusCode, Json<usize>);

fn numbered(app: &App, status: u16) -> Numbered {
    (StatusCode::from_u16(status).expect("a status"), Json(app.effect()))
}

#[idempotent(key = "json:{status}", strategy = "setnx")]
async fn json(State(app): State<App>, Path(status): Path<u16>) -> Result<Numbered, Error> {
    Ok(numbered(&app, status))
}

const fn is_idem(_: &Error) -> OnErr {
    OnErr::Hold
}

#[idempotent(key = "json_judged:{status}", strategy = "setnx", on_err = is_idem)]
async fn json_judged(State(app): State<App>, Path(status): Path<u16>) -> Result<Numbered, Error> {
    Ok(numbered(&app, status))
}

#[derive(serde::Serialize, serde::Deserialize)]
enum Refusal {
    #[serde(skip)]
    Guard(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Guard(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self::Guard(error) = self;
        error.into_response()
    }
}

#[idempotent(key = "json_stored:{status}", strategy = "setnx", on_err = "store")]
async fn json_stored(State(app): State<App>, Path(status): Path<u16>) -> Result<Numbered, Refusal> {
    Ok(numbered(&app, status))
}

#[idempotent(key = "rejected:{status}", strategy = "setnx", on_duplicate = "reject")]
async fn rejected(State(app): State<App>, Path(status): Path<u16>) -> Response {
    response(&app, status)
}

#[idempotent(key = "json_rejected:{status}", strategy = "setnx", on_duplicate = "reject")]
async fn json_rejected(State(app): State<App>, Path(status): Path<u16>) -> Result<Numbered, Error> {
    Ok(numbered(&app, status))
}

#[idempotent(key = "passing:{status}", strategy = "setnx")]
async fn passing(State(app): State<App>, Path(status): Path<u16>) -> Response {
    idem::attempt().do_not_store();
    response(&app, status)
}

/// For a handler whose error is the response itself.
#[idempotent(key = "thrown:{status}", strategy = "setnx")]
async fn thrown(State(app): State<App>, Path(status): Path<u16>) -> Result<Json<usize>, Response> {
    Err(response(&app, status))
}

fn to_teapot(error: Error) -> Response {
    let code = error.code();
    drop(error);
    (StatusCode::IM_A_TEAPOT, code).into_response()
}

#[idempotent(key = "mapped:{status}", strategy = "setnx", on_duplicate = "reject", map_err = to_teapot)]
async fn mapped(State(app): State<App>, Path(status): Path<u16>) -> Response {
    response(&app, status)
}

fn routes() -> Router<App> {
    Router::new()
        .route("/outright/{status}", post(outright))
        .route("/held/{status}", post(held))
        .route("/stored/{status}", post(stored))
        .route("/judged/{status}", post(judged))
        .route("/in_ok/{status}", post(in_ok))
        .route("/json/{status}", post(json))
        .route("/json_judged/{status}", post(json_judged))
        .route("/json_stored/{status}", post(json_stored))
        .route("/rejected/{status}", post(rejected))
        .route("/json_rejected/{status}", post(json_rejected))
        .route("/passing/{status}", post(passing))
        .route("/thrown/{status}", post(thrown))
        .route("/mapped/{status}", post(mapped))
}

/// What the second of two equal requests gets.
#[derive(Debug, PartialEq)]
enum Second {
    /// The answer to the first.
    Same,
    /// Its body ran.
    Ran,
    InFlight,
    Duplicate,
}
use Second::{Duplicate, InFlight, Ran, Same};

async fn second(app: &App, path: &str, status: u16) -> (Second, Answer) {
    let server = app.serve(routes()).await;
    let path = format!("/{path}/{status}");
    let before = app.effects();
    let first = Request::post(&path).send(server).await;
    assert_eq!((first.status, first.text()), (status, (before + 1).to_string().as_str()), "{path}");
    let again = Request::post(&path).send(server).await;
    let what = match app.effects() - before {
        2 => Ran,
        _ if again.is_replayed() => {
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
            Same
        }
        _ if again.text().contains("in-flight") => InFlight,
        _ => Duplicate,
    };
    (what, again)
}

/// H32
#[tokio::test]
async fn what_may_be_answered_otherwise_later_is_released_and_all_else_replayed() {
    for place in every_store() {
        let app = App::at(&place).await;
        for path in ["outright", "in_ok", "json", "json_judged"] {
            for status in [500, 502, 503, 504, 599, 408, 425, 429] {
                assert_eq!(second(&app, path, status).await.0, Ran, "{path} {status}");
            }
            for status in [200, 202, 400, 402, 403, 404, 409, 410, 422] {
                assert_eq!(second(&app, path, status).await.0, Same, "{path} {status}");
            }
        }
    }
}

#[tokio::test]
async fn a_word_says_otherwise_for_what_would_be_released() {
    let app = App::in_memory();
    for (path, status, expected) in [
        ("held", 503, InFlight),
        ("held", 429, InFlight),
        ("held", 402, Same),
        ("held", 200, Same),
        ("stored", 503, Same),
        ("stored", 402, Same),
        ("json_stored", 503, Same),
        ("json_stored", 201, Same),
    ] {
        assert_eq!(second(&app, path, status).await.0, expected, "{path} {status}");
    }
}

#[tokio::test]
async fn a_function_judges_each_response_that_is_an_error() {
    for place in every_store() {
        let app = App::at(&place).await;
        for (status, expected) in
            [(404, Ran), (503, Same), (500, InFlight), (402, Same), (200, Same), (302, Same)]
        {
            assert_eq!(second(&app, "judged", status).await.0, expected, "{status}");
        }
    }
}

#[tokio::test]
async fn a_duplicate_that_is_rejected_is_told_so_and_not_to_ask_again() {
    let app = App::in_memory();
    for path in ["rejected", "json_rejected"] {
        let (what, answer) = second(&app, path, 200).await;
        assert_eq!(what, Duplicate);
        assert_problem(&answer, 409, "duplicate");
        assert_eq!(answer.header("retry-after"), None);
        assert_eq!(second(&app, path, 503).await.0, Ran, "{path}");
        assert_eq!(second(&app, path, 402).await.0, Duplicate, "{path}");
    }
}

#[tokio::test]
async fn a_body_can_say_that_its_response_is_not_stored() {
    assert_eq!(second(&App::in_memory(), "passing", 404).await.0, Ran);
}

#[tokio::test]
async fn an_err_is_released_whatever_its_status() {
    for status in [402, 503] {
        assert_eq!(second(&App::in_memory(), "thrown", status).await.0, Ran);
    }
}

#[tokio::test]
async fn an_error_becomes_the_response_that_a_function_makes_of_it() {
    let (what, answer) = second(&App::in_memory(), "mapped", 200).await;
    assert_eq!((what, answer.status, answer.text()), (Duplicate, 418, "duplicate"));
}
