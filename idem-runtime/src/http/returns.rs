//! What handlers return, and how it is refused, judged, stored and replayed.

use std::marker::PhantomData;
use std::task::{Context, Poll};

use axum_core::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::{capture, envelope};
use crate::codec::{Codec, Json};
use crate::error::{Error, Source};
use crate::returns::{Guarded, GuardedByFrom, NOT_STORED, Replay, Return, Returns};

/// A value that a handler returns: `Json<T>`, `(StatusCode, Json<T>)` or `Response`.
pub trait HttpValue {
    /// The status that it is sent with.
    fn status(&self) -> StatusCode;
}

impl<T> HttpValue for axum::Json<T> {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}

impl<T> HttpValue for (StatusCode, axum::Json<T>) {
    fn status(&self) -> StatusCode {
        self.0
    }
}

impl HttpValue for Response {
    fn status(&self) -> StatusCode {
        Self::status(self)
    }
}

/// A return type whose values are stored by [`Http`] unless a codec is named.
pub trait HttpReturn {}

impl HttpReturn for Response {}
impl<V: HttpValue, E> HttpReturn for Result<V, E> {}

/// Whether the same request may be answered otherwise a little later: then the answer is none that
/// duplicates should get.
fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

/// The codec of what handlers return, unless another is named.
///
/// `Json<T>` is stored as the JSON of `T`, `(StatusCode, Json<T>)` with its status, and a
/// `Response` by status, body and [`KEPT`](super::KEPT) headers.
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use idem::{Idem, Plan, Returns, http::Http};
///
/// const PLAN: Plan = Plan::setnx();
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let idem = Idem::in_memory();
/// let order = 7;
/// let returns = Returns::<Response>::new(Response::from).replay::<Http>();
/// let body = async { (axum::http::StatusCode::CREATED, "made").into_response() };
/// let response = idem.call_with(&PLAN, idem::key!("order:{order}"), returns, body).await;
/// assert_eq!(response.status(), 201);
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Http;

#[diagnostic::do_not_recommend]
impl<T> Codec<axum::Json<T>> for Http
where
    Json: Codec<T>,
{
    const NAME: &'static str = <Json as Codec<T>>::NAME;

    fn encode(value: &axum::Json<T>, out: &mut Vec<u8>) -> Result<(), Source> {
        Json::encode(&value.0, out)
    }

    fn decode(bytes: &[u8]) -> Result<axum::Json<T>, Source> {
        Json::decode(bytes).map(axum::Json)
    }
}

#[diagnostic::do_not_recommend]
impl<T> Codec<(StatusCode, axum::Json<T>)> for Http
where
    Json: Codec<T>,
{
    const NAME: &'static str = "status";

    fn encode(value: &(StatusCode, axum::Json<T>), out: &mut Vec<u8>) -> Result<(), Source> {
        out.extend_from_slice(&value.0.as_u16().to_be_bytes());
        Json::encode(&value.1.0, out)
    }

    fn decode(bytes: &[u8]) -> Result<(StatusCode, axum::Json<T>), Source> {
        let mut rest = envelope::Rest(bytes);
        let status = rest.status()?;
        Json::decode(rest.0).map(|value| (status, axum::Json(value)))
    }

    fn is_failure(value: &(StatusCode, axum::Json<T>)) -> bool {
        is_transient(value.0)
    }
}

#[diagnostic::do_not_recommend]
impl Codec<Response> for Http {
    const NAME: &'static str = "response";

    fn encode(response: &Response, out: &mut Vec<u8>) -> Result<(), Source> {
        let body = capture::whole(response)?;
        envelope::write(response.status(), response.headers(), body, out);
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Response, Source> {
        envelope::read(bytes)
    }

    fn is_failure(response: &Response) -> bool {
        is_transient(response.status())
    }

    fn poll_prepare(response: &mut Response, limit: usize, context: &mut Context<'_>) -> Poll<()> {
        capture::poll(response, limit, context)
    }
}

/// The codec of what handlers return where no result is stored.
#[doc(hidden)]
#[derive(Debug)]
pub struct HttpNotStored;

#[diagnostic::do_not_recommend]
impl<V: HttpValue> Codec<V> for HttpNotStored {
    const NAME: &'static str = NOT_STORED;

    fn encode(_: &V, _: &mut Vec<u8>) -> Result<(), Source> {
        Err("not stored".into())
    }

    fn decode(_: &[u8]) -> Result<V, Source> {
        Err("not stored".into())
    }

    fn is_failure(value: &V) -> bool {
        is_transient(value.status())
    }
}

/// A handler that returns `Response` outright: an [`Error`] is its problem document.
impl Return for Response {
    type Failure = Self;

    /// Responses that say of themselves that they are errors.
    fn failure(&self) -> Option<&Self> {
        let status = self.status();
        (status.is_client_error() || status.is_server_error()).then_some(self)
    }

    fn failed(&self) -> bool {
        is_transient(self.status())
    }

    /// Whatever it says, it is a response.
    fn is_err(&self) -> bool {
        false
    }

    fn refused(failure: Self) -> Self {
        failure
    }
}

impl<C: Codec<Response>> Replay<C> for Response {
    const CODEC: &'static str = C::NAME;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Source> {
        C::encode(self, out)
    }

    fn decode(bytes: &[u8]) -> Result<Self, Source> {
        C::decode(bytes)
    }

    fn poll_prepare(&mut self, limit: usize, context: &mut Context<'_>) -> Poll<()> {
        C::poll_prepare(self, limit, context)
    }
}

#[diagnostic::do_not_recommend]
impl<C: Codec<Self>, X> Guarded<C, X> for Response {
    fn returns(_: PhantomData<C>, refuse: fn(Error) -> Self) -> Returns<Self> {
        let returns = Returns::new(refuse);
        if C::NAME == NOT_STORED { returns } else { returns.replay::<C>() }
    }
}

#[diagnostic::do_not_recommend]
impl<C: Codec<Self>, X> GuardedByFrom<C, X> for Response {
    fn returns(codec: PhantomData<C>) -> Returns<Self> {
        <Self as Guarded<C, X>>::returns(codec, Error::into_response)
    }
}
