//! The layer: each request in a task of its own, under the engine.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderName, HeaderValue, Method, Request, Response};
use tokio::task::JoinHandle;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument as _;

use super::header::Rule;
use crate::engine::Idem;
use crate::outcome::{Outcome, with_outcome};

impl Idem {
    /// A tower layer for services that have guarded handlers.
    ///
    /// Under it each request runs in a task of its own, so that a client that leaves stops no body
    /// that has claimed its key; this is the engine of every guarded call that names no other;
    /// answers to duplicates carry `Idempotent-Replayed: true`; and the layer says which header
    /// [`IdempotencyKey`](crate::IdempotencyKey) is read from. `HEAD` and `OPTIONS` pass in their
    /// caller's task.
    ///
    /// A time-out belongs outside of it (in axum: in a later `.layer(…)`; tonic's own is), what sets
    /// task-locals for handlers inside.
    ///
    /// ```
    /// # use axum::{Router, routing::post};
    /// # async fn pay() {}
    /// let idem = idem::Idem::in_memory();
    /// let app: Router = Router::new().route("/pay", post(pay)).layer(idem.layer());
    /// ```
    pub fn layer(&self) -> IdemLayer {
        IdemLayer { idem: self.clone(), rule: Rule::default() }
    }
}

/// The layer of [`Idem::layer`].
#[derive(Debug, Clone)]
#[must_use]
pub struct IdemLayer {
    idem: Idem,
    rule: Rule,
}

impl IdemLayer {
    /// The header that clients send their key in: `Idempotency-Key` unless set.
    ///
    /// ```
    /// use axum::http::HeaderName;
    ///
    /// let idem = idem::Idem::in_memory();
    /// let layer = idem.layer().header(HeaderName::from_static("x-request-id"));
    /// ```
    pub fn header(mut self, name: HeaderName) -> Self {
        self.rule.name = name;
        self
    }

    /// Takes keys in double quotes only, as
    /// [the draft](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)
    /// writes them; else bare ones as well, which are the same keys.
    pub fn strict(mut self) -> Self {
        self.rule.strict = true;
        self
    }
}

impl<S> Layer<S> for IdemLayer {
    type Service = IdemService<S>;

    fn layer(&self, inner: S) -> IdemService<S> {
        IdemService { inner, layer: self.clone() }
    }
}

/// A service under [`Idem::layer`].
#[derive(Debug, Clone)]
pub struct IdemService<S> {
    inner: S,
    layer: IdemLayer,
}

impl<S, B, R> Service<Request<B>> for IdemService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = IdemFuture<R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let IdemLayer { idem, rule } = &self.layer;
        request.extensions_mut().insert(rule.clone());
        let in_place = is_safe(request.method());
        let answer = idem.scope(self.inner.call(request));
        IdemFuture(if in_place {
            Answering::InPlace(Box::pin(answer))
        } else {
            Answering::InTask(tokio::spawn(with_outcome(answer).in_current_span()))
        })
    }
}

/// The answer of an [`IdemService`]. Dropped, it leaves the request running in its task.
pub struct IdemFuture<R, E>(Answering<Result<Response<R>, E>>);

enum Answering<T> {
    InPlace(Pin<Box<dyn Future<Output = T> + Send>>),
    InTask(JoinHandle<(T, Outcome)>),
}

impl<R, E> Future for IdemFuture<R, E> {
    type Output = Result<Response<R>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = match &mut self.0 {
            Answering::InPlace(answer) => return answer.as_mut().poll(context),
            Answering::InTask(task) => ready!(Pin::new(task).poll(context)),
        };
        match ended {
            Ok((answer, outcome)) => Poll::Ready(answer.map(|response| marked(response, outcome))),
            // As without the layer: whoever serves the connection sees the handler's panic.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Nobody aborts the task but a runtime that ends, which drops this future too.
            Err(_) => Poll::Pending,
        }
    }
}

/// Methods that a server answers by itself, or by a handler written for another: their effect, if
/// any, is not what a client asks for.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::HEAD | Method::OPTIONS)
}

/// Says of a response that it answers a duplicate.
fn marked<R>(mut response: Response<R>, outcome: Outcome) -> Response<R> {
    if matches!(outcome, Outcome::Replayed { .. } | Outcome::Waited) {
        let name = HeaderName::from_static("idempotent-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    response
}

impl<R, E> fmt::Debug for IdemFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdemFuture").finish_non_exhaustive()
    }
}
