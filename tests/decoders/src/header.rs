//! The header `Idempotency-Key`.

use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use axum::extract::FromRequestParts as _;
use axum::http::{Extensions, HeaderValue, Method, Request};
use axum::response::{IntoResponse as _, Response};
use idem::http::IdempotencyKeyRejection as Rejection;
use idem::{Idem, IdempotencyKey};
use tower_layer::Layer as _;
use tower_service::Service;

/// Each line is the value of one such header.
#[must_use]
pub fn header(bytes: &[u8]) -> bool {
    comes_through(bytes);
    let lines: Result<Vec<_>, _> =
        bytes.split(|byte| *byte == b'\n').map(HeaderValue::from_bytes).collect();
    // No server hands on what is no value of a header.
    let Ok(lines) = lines else { return false };
    let (strict, bare) = (read(&lines, true), read(&lines, false));
    match (&strict, &bare) {
        (Ok(strict), bare) => assert_eq!(Ok(strict), bare.as_ref(), "a strict layer takes less"),
        (Err(Rejection::Unquoted), _) => {}
        (Err(strict), bare) => assert_eq!(Err(strict), bare.as_ref(), "and for one reason only"),
    }
    let Ok(key) = &bare else { return false };
    assert!((1..=255).contains(&key.as_str().len()) && key.as_str().bytes().all(is_visible));
    let [line] = &lines[..] else { panic!("two lines, and a key: {lines:?}") };
    let line = line.as_bytes().trim_ascii();
    if strict.is_ok() {
        assert_eq!(line, quoted(key.as_str()).as_bytes(), "a key has one string");
    } else {
        assert_eq!(line, key.as_str().as_bytes(), "bare, it is its own text");
        assert!(!line.iter().any(|byte| matches!(byte, b'"' | b',')), "no string, and no list");
    }
    true
}

/// A text that can be a key is read as it was meant: as a string, and bare where it is no list and no string.
fn comes_through(text: &[u8]) {
    let sound = (1..=255).contains(&text.len()) && text.iter().copied().all(is_visible);
    let key = str::from_utf8(text).ok().and_then(|text| text.parse::<IdempotencyKey>().ok());
    assert_eq!(key.is_some(), sound, "{text:?} as a key");
    let Some(key) = key else { return };
    let value = |text: &str| [HeaderValue::from_str(text).expect("it is visible")];
    let string = value(&quoted(key.as_str()));
    assert_eq!(read(&string, true).as_ref(), Ok(&key));
    assert_eq!(read(&string, false).as_ref(), Ok(&key));
    let bare = value(key.as_str());
    if !text.iter().any(|byte| matches!(byte, b'"' | b',')) {
        assert_eq!(read(&bare, false), Ok(key));
        assert_eq!(read(&bare, true), Err(Rejection::Unquoted));
    }
}

fn is_visible(byte: u8) -> bool {
    (b'!'..=b'~').contains(&byte)
}

/// The text as an RFC 9651 string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

fn read(lines: &[HeaderValue], strict: bool) -> Result<IdempotencyKey, Rejection> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::POST;
    for line in lines {
        parts.headers.append("idempotency-key", line.clone());
    }
    if strict {
        parts.extensions = strictly().clone();
    }
    let read = ready(IdempotencyKey::from_request_parts(&mut parts, &()));
    if let Err(rejection) = read {
        assert_eq!(rejection.into_response().status(), 400);
    }
    read
}

/// What a strict layer hands on with each request.
fn strictly() -> &'static Extensions {
    static STRICTLY: OnceLock<Extensions> = OnceLock::new();
    STRICTLY.get_or_init(|| {
        let mut service = Idem::in_memory().layer().strict().layer(Seen);
        let response = ready(service.call(Request::new(())));
        response.unwrap_or_else(|never| match never {}).into_parts().0.extensions
    })
}

/// Answers with what it was asked with.
struct Seen;

impl Service<Request<()>> for Seen {
    type Response = Response<()>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let mut response = Response::new(());
        *response.extensions_mut() = request.into_parts().0.extensions;
        std::future::ready(Ok(response))
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ready) => ready,
        Poll::Pending => panic!("nothing is waited for"),
    }
}
