//! The layer: requests that outlive their clients, under the engine.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Response};
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Instrument as _, Span};

use super::header::Rule;
use super::request::Request;
use crate::engine::Idem;
use crate::outcome::{Ear, Outcome, Told};

impl Idem {
    /// A tower layer for services that have guarded handlers.
    ///
    /// Under it a client that leaves stops no body: a request for which one has begun goes on in a
    /// task of its own, and its attempt is told ([`Attempt::cancelled`](crate::Attempt::cancelled)).
    /// This is the engine of every guarded call that names no other; answers to duplicates carry
    /// `Idempotent-Replayed: true`; and the layer says which header
    /// [`IdempotencyKey`](crate::IdempotencyKey) is read from.
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

impl<S, B, R> Service<http::Request<B>> for IdemService<S>
where
    S: Service<http::Request<B>, Response = Response<R>>,
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

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let IdemLayer { idem, rule } = &self.layer;
        request.extensions_mut().insert(rule.clone());
        let (request, ear, answer) =
            (Arc::<Request>::default(), Ear::default(), self.inner.call(request));
        let serving = Box::pin(request.scope(ear.hear(idem.scope(answer))));
        IdemFuture { serving: Some(serving), request, ear, span: Span::current() }
    }
}

/// The answer of an [`IdemService`]. Dropped while a guarded body runs for it, it goes on in a task of
/// its own.
pub struct IdemFuture<R: 'static, E: 'static> {
    /// `None` once it has ended.
    serving: Option<Serving<Result<Response<R>, E>>>,
    request: Arc<Request>,
    ear: Ear,
    span: tracing::Span,
}

type Serving<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<R: 'static, E: 'static> Future for IdemFuture<R, E> {
    type Output = Result<Response<R>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Taken out while it is polled: should it panic, it does not go on in a task of its own.
        let Some(mut serving) = self.serving.take() else { return Poll::Pending };
        match serving.as_mut().poll(context) {
            Poll::Pending => {
                self.serving = Some(serving);
                Poll::Pending
            }
            Poll::Ready(answer) => {
                let told = self.ear.told();
                Poll::Ready(answer.map(|response| marked(response, told)))
            }
        }
    }
}

impl<R: 'static, E: 'static> Drop for IdemFuture<R, E> {
    /// The client has left. A body that has begun goes on; what only waits or claims does not.
    fn drop(&mut self) {
        let Some((serving, begun)) = self.serving.take().zip(self.request.begun()) else { return };
        begun.cancel();
        let going_on = async move {
            begun.driven_here();
            drop(serving.await);
        };
        // Without a runtime, as in a program that ends, nothing goes on.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(going_on.instrument(std::mem::replace(&mut self.span, Span::none())));
        }
    }
}

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Says of a response that it answers a duplicate.
fn marked<R>(mut response: Response<R>, told: Option<Told>) -> Response<R> {
    if told.is_some_and(|told| matches!(told.outcome, Outcome::Replayed { .. } | Outcome::Waited)) {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

impl<R: 'static, E: 'static> fmt::Debug for IdemFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdemFuture").finish_non_exhaustive()
    }
}
