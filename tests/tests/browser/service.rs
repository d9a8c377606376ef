//! The service behind the pages, and what a test sees and decides of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Form, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use idem::{Idem, IdempotencyKey, Token, idempotent};
use kit::browser::Browser;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::pages;

/// How long what happens here may take on a machine that is busy.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What a page says when it does not know what became of a form.
pub(crate) const UNKNOWN: &str = "said().startsWith('It is not known whether this was done.')";

/// A service on a port of its own.
#[derive(Clone)]
pub(crate) struct Service {
    idem: Idem,
    address: SocketAddr,
    user: &'static str,
    effects: Arc<AtomicUsize>,
    bodies: Arc<Mutex<VecDeque<Turn>>>,
    edges: Arc<Mutex<VecDeque<Edge>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    entered: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

/// What the next run of a handler's body does instead of paying.
pub(crate) enum Turn {
    /// Waits for [`Service::let_go`], and pays then.
    Pause,
    /// Answers so without paying.
    Answer(u16),
}

/// What stands before the service does with the next request.
pub(crate) enum Edge {
    /// Answers it by itself.
    Refuses(u16),
    /// Answers it by itself, and says when to ask again.
    RefusesFor(u16, &'static str),
    /// Lets the service handle it, and loses the answer, as a proxy does.
    Loses(u16),
    /// Keeps it till [`Service::let_go`].
    Keeps,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pay {
    #[serde(default)]
    amount: String,
    token: Option<Token>,
}

#[idempotent(
    key = "pay:{service.user}:{key}",
    strategy = "setnx",
    lease = "2s",
    engine = service.idem,
    fingerprint(pay.amount)
)]
async fn pay(
    State(service): State<Service>,
    key: IdempotencyKey,
    Form(pay): Form<Pay>,
) -> Response {
    service.pay().await
}

/// Answers without a redirect: the page stays.
#[idempotent(
    key = "quick:{service.user}:{key}",
    strategy = "setnx",
    engine = service.idem,
    fingerprint = "off"
)]
async fn quick(
    State(service): State<Service>,
    key: IdempotencyKey,
) -> Result<Json<usize>, idem::Error> {
    Ok(Json(service.effect()))
}

/// Keeps no result for duplicates.
#[idempotent(
    key = "once:{service.user}:{key}",
    strategy = "setnx",
    on_duplicate = "reject",
    engine = service.idem,
    fingerprint = "off"
)]
async fn once(State(service): State<Service>, key: IdempotencyKey) -> Response {
    service.pay().await
}

/// The form of a page that works without scripts: the token is in it.
#[idempotent(
    key = "token:{service.user}",
    strategy = "token",
    token = token,
    engine = service.idem,
    wait = "20s",
    fingerprint(amount)
)]
async fn by_token(service: &Service, token: &Token, amount: &str) -> Response {
    service.pay().await
}

async fn pay_by_token(State(service): State<Service>, Form(pay): Form<Pay>) -> Response {
    let Some(token) = pay.token else { return StatusCode::BAD_REQUEST.into_response() };
    by_token(&service, &token, &pay.amount).await
}

async fn token_page(State(service): State<Service>) -> Response {
    let key = idem::key!("token:{service.user}");
    let token = service.idem.issue_token(&key, Duration::from_mins(15)).expect("a token");
    pages::show(&format!(
        r#"<form method="post" action="/token" data-idem>
        <input type="hidden" name="token" value="{}" data-idem-token>
        <label>Amount <input name="amount" value="5"></label><button>Pay</button></form>"#,
        token.as_str()
    ))
    .into_response()
}

async fn receipt(Path(number): Path<usize>) -> Response {
    pages::show(&format!("<h1>Receipt {number}</h1>")).into_response()
}

/// Stands before everything, and writes down what comes.
async fn edge(State(service): State<Service>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    service.seen.lock().expect("no panic").push(Seen {
        path: parts.uri.path().to_owned(),
        key: text(&parts.headers, "idempotency-key"),
        content_type: text(&parts.headers, "content-type").unwrap_or_default(),
        body: body.to_vec(),
    });
    let edge = service.edges.lock().expect("no panic").pop_front();
    let request = Request::from_parts(parts, Body::from(body));
    let html = |status| {
        let status = StatusCode::from_u16(status).expect("a status");
        (status, axum::response::Html("<h1>Bad gateway</h1>"))
    };
    match edge {
        None => next.run(request).await,
        Some(Edge::Refuses(status)) => html(status).into_response(),
        Some(Edge::RefusesFor(status, seconds)) => {
            ([(header::RETRY_AFTER, seconds)], html(status)).into_response()
        }
        Some(Edge::Keeps) => {
            service.pause().await;
            next.run(request).await
        }
        Some(Edge::Loses(status)) => {
            next.run(request).await;
            html(status).into_response()
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().expect("ASCII").to_owned())
}

impl Service {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let [entered, go] = [0, 0].map(|none| Arc::new(Semaphore::new(none)));
        let service = Self {
            idem: Idem::in_memory(),
            address: listener.local_addr().expect("an address"),
            user: "ada",
            effects: Arc::default(),
            bodies: Arc::default(),
            edges: Arc::default(),
            seen: Arc::default(),
            entered,
            go,
        };
        let router = Router::new()
            .route("/pay", post(pay))
            .route("/quick", post(quick))
            .route("/once", post(once))
            .route("/token", get(token_page).post(pay_by_token))
            .route("/page/{name}", get(pages::page).post(async || Redirect::to("/receipt/0")))
            .route("/page/elsewhere", post(async || Redirect::to("/receipt/0")))
            .route("/receipt/{number}", get(receipt))
            .route("/echo", post(async || Redirect::to("/receipt/0")))
            .route("/elsewhere", post(async || Redirect::to("/receipt/0")))
            .route("/idem.js", idem::http::frontend())
            .route(
                "/events.js",
                get(async || ([(header::CONTENT_TYPE, "text/javascript")], pages::EVENTS)),
            )
            .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
            .layer(service.idem.layer())
            .layer(from_fn_with_state(service.clone(), edge))
            .with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a page is.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A browser that has this page open, and its scripts have run.
    pub(crate) async fn shows(&self, page: &str) -> Browser {
        let mut browser = Browser::start().await;
        browser.open(&self.url(page)).await;
        browser.sees("document.querySelector('[role=status]') !== null").await;
        browser
    }

    /// What the next runs of the body do, one after the other.
    pub(crate) fn will(&self, turns: impl IntoIterator<Item = Turn>) {
        self.bodies.lock().expect("no panic").extend(turns);
    }

    /// What happens to the next requests before they get here.
    pub(crate) fn behind(&self, edges: impl IntoIterator<Item = Edge>) {
        self.edges.lock().expect("no panic").extend(edges);
    }

    async fn pay(&self) -> Response {
        let turn = self.bodies.lock().expect("no panic").pop_front();
        match turn {
            None => {}
            Some(Turn::Pause) => self.pause().await,
            Some(Turn::Answer(status)) => {
                let status = StatusCode::from_u16(status).expect("a status");
                let problem = r#"{"title":"The card was declined","detail":"Ask your bank."}"#;
                return (status, [(header::CONTENT_TYPE, "application/problem+json")], problem)
                    .into_response();
            }
        }
        Redirect::to(&format!("/receipt/{}", self.effect())).into_response()
    }

    fn effect(&self) -> usize {
        self.effects.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn pause(&self) {
        self.entered.add_permits(1);
        self.go.acquire().await.expect("never closed").forget();
    }

    /// Waits until one more request pauses.
    #[track_caller]
    pub(crate) fn paused(&self) -> impl Future<Output = ()> {
        kit::wait_for("a request that pauses", SOON, async || match self.entered.try_acquire() {
            Ok(one) => {
                one.forget();
                true
            }
            Err(_) => false,
        })
    }

    /// Lets one of them go on.
    pub(crate) fn let_go(&self) {
        self.go.add_permits(1);
    }

    /// How often it has paid.
    pub(crate) fn effects(&self) -> usize {
        self.effects.load(Ordering::SeqCst)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// Their keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.seen().into_iter().map(|request| request.key.expect("a key")).collect()
    }

    /// Asserts that it has paid once, and that all requests were the same one, byte for byte.
    #[track_caller]
    pub(crate) fn assert_once(&self) {
        assert_eq!(self.effects(), 1);
        let seen = self.seen();
        assert!(seen.iter().all(|request| *request == seen[0]), "{seen:#?}");
    }
}

/// Waits for the page of a receipt.
#[track_caller]
pub(crate) fn sees_receipt(browser: &mut Browser, number: usize) -> impl Future<Output = ()> {
    browser.sees(format!("document.querySelector('h1')?.textContent === 'Receipt {number}'"))
}
