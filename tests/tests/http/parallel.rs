//! Many duplicates at once, through three instances of a service on one store.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use idem::{Error, IdempotencyKey, idempotent};
use kit::http::Request;
use kit::place::Place;
use tokio::task::JoinSet;

use crate::support::{App, User};

#[idempotent(key = "at_once:{user}:{key}", strategy = "setnx", fingerprint = "off")]
async fn at_once(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    Ok(Json(app.effect()))
}

#[idempotent(key = "waited:{user}:{key}", strategy = "setnx", wait = "60s", fingerprint = "off")]
async fn waited(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
) -> Result<Json<usize>, Error> {
    let number = app.effect();
    app.pause().await;
    Ok(Json(number))
}

/// A thousand equal requests, turn by turn to each of three instances.
async fn thousand(path: &'static str, app: &App, place: &Place) -> JoinSet<kit::http::Answer> {
    let routes = || Router::new().route("/at_once", post(at_once)).route("/waited", post(waited));
    let mut servers = vec![app.serve(routes()).await];
    for _ in 0..2 {
        servers.push(app.beside(place.engine().await).serve(routes()).await);
    }
    let mut all = JoinSet::new();
    for number in 0..1000 {
        let request = Request::post(path).header("X-User", "ada").key("k-1");
        all.spawn(request.send(servers[number % servers.len()]));
    }
    all
}

/// H26
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_duplicates_have_one_effect() {
    let place = Place::redis();
    let app = App::at(&place).await;
    let answers = thousand("/at_once", &app, &place).await.join_all().await;
    let (mut ran, mut replayed, mut in_flight) = (0, 0, 0);
    for answer in answers {
        match answer.status {
            200 if answer.is_replayed() => replayed += 1,
            200 => ran += 1,
            409 => in_flight += 1,
            status => panic!("{status}: {}", answer.text()),
        }
        assert_eq!(answer.header("retry-after").is_some(), answer.status == 409);
        assert!(answer.status == 409 || answer.text() == "1");
    }
    assert_eq!((ran, app.effects()), (1, 1), "{replayed} replayed, {in_flight} in flight");
}

/// H26, H27
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_that_wait_all_get_the_one_result() {
    let place = Place::redis();
    let app = App::at(&place).await;
    let answers = thousand("/waited", &app, &place).await;
    app.paused().await;
    app.let_go();
    let answers = answers.join_all().await;
    assert!(answers.iter().all(|answer| (answer.status, answer.text()) == (200, "1")));
    assert_eq!(answers.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    assert_eq!(app.effects(), 1);
}
