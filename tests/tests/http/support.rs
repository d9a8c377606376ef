//! A server, and what its handlers have in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::{StatusCode, request::Parts};
use idem::{Idem, KeyPart};
use kit::http::Answer;
use kit::place::Place;
use tokio::sync::Semaphore;

/// Each kind of store, for what must hold on all of them.
pub(crate) fn every_store() -> [Place; 2] {
    [Place::memory(), Place::redis()]
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) idem: Idem,
    effects: Arc<AtomicUsize>,
    entered: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl App {
    pub(crate) async fn at(place: &Place) -> Self {
        Self::with(place.engine().await)
    }

    pub(crate) fn in_memory() -> Self {
        Self::with(Idem::in_memory())
    }

    pub(crate) fn with(idem: Idem) -> Self {
        let [entered, go] = [0, 0].map(|none| Arc::new(Semaphore::new(none)));
        Self { idem, effects: Arc::default(), entered, go }
    }

    /// Has the effect, and returns which one it is, from 1.
    pub(crate) fn effect(&self) -> usize {
        self.effects.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// How many effects there were.
    pub(crate) fn effects(&self) -> usize {
        self.effects.load(Ordering::SeqCst)
    }

    /// Another instance of the service, which has its own engine and the same effects.
    pub(crate) fn beside(&self, idem: Idem) -> Self {
        Self { idem, ..self.clone() }
    }

    /// In a handler: says that it was reached.
    pub(crate) fn enter(&self) {
        self.entered.add_permits(1);
    }

    /// In a handler: says that it was reached, and waits for [`let_go`](Self::let_go).
    pub(crate) async fn pause(&self) {
        self.enter();
        self.go.acquire().await.expect("never closed").forget();
    }

    /// Waits until one more handler pauses.
    pub(crate) async fn paused(&self) {
        self.entered.acquire().await.expect("never closed").forget();
    }

    /// Lets one handler go on.
    pub(crate) fn let_go(&self) {
        self.go.add_permits(1);
    }

    /// Serves these routes under the layer.
    pub(crate) async fn serve(&self, routes: Router<Self>) -> SocketAddr {
        listen(routes.layer(self.idem.layer()).with_state(self.clone())).await
    }
}

/// Serves a router on a port of its own for as long as the test's runtime lives.
pub(crate) async fn listen(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Who asks, as an authentication would have found out: the header `X-User`.
#[derive(KeyPart, Clone)]
pub(crate) struct User(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok());
        user.map(|user| Self(user.to_owned())).ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// Asserts that an answer is the problem of this type, whole and well-formed.
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, status: u16, name: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let document: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(document["type"], format!("urn:idem:problem:{name}"));
    assert_eq!(document["status"], status);
    assert!(document["title"].is_string() && document["detail"].is_string(), "{document}");
    assert!(!answer.is_replayed());
}

/// Tells of a request that the server has given up, when it is dropped before its answer.
pub(crate) struct Left(pub(crate) Arc<Semaphore>);

impl Left {
    /// The request was answered.
    pub(crate) fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}
