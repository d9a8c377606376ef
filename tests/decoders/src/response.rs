//! An HTTP response as a record's result: a whole one, or a status and JSON.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Json;
use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use idem::Codec;
use idem::http::{Http, KEPT};
use serde_json::Value;

/// Reads the bytes as both.
#[must_use]
pub fn response(bytes: &[u8]) -> bool {
    is_whole(bytes) | is_status_and_json(bytes)
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(read) = Whole::read(bytes) else { return false };
    assert!(bytes.ends_with(&read.body), "the body is what is left");
    let head = bytes.len() - read.body.len();
    assert_eq!(Whole::read(&bytes[..head]), Some(Whole { body: Vec::new(), ..read.clone() }));
    for cut in [head - 1, head / 2] {
        assert_eq!(Whole::read(&bytes[..cut]), None, "cut at {cut}, before its body");
    }
    // An upgrade has a body of its own, and is not stored.
    if let Some(written) = write(bytes) {
        let mut kept = read.clone();
        kept.headers = read.headers.iter().filter(|(name, _)| KEPT.contains(name)).fold(
            HeaderMap::new(),
            |mut kept, (name, value)| {
                kept.append(name, value.clone());
                kept
            },
        );
        assert_eq!(Whole::read(&written), Some(kept));
        assert_eq!(write(&written), Some(written.clone()), "it has one form");
    } else {
        assert!(read.status.is_informational(), "{read:?} can't be stored");
    }
    true
}

/// What a client gets.
#[derive(Debug, Clone, PartialEq)]
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Whole {
    fn read(bytes: &[u8]) -> Option<Self> {
        let response: Response = Http::decode(bytes).ok()?;
        let (head, body) = response.into_parts();
        let mut body = pin!(to_bytes(body, usize::MAX));
        let Poll::Ready(Ok(body)) = body.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("a stored body is there at once");
        };
        Some(Self { status: head.status, headers: head.headers, body: body.into() })
    }
}

/// Reads it and writes it again, as when a handler had returned it.
fn write(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut response: Response = Http::decode(bytes).ok()?;
    let context = &mut Context::from_waker(Waker::noop());
    assert!(Http::poll_prepare(&mut response, usize::MAX, context).is_ready());
    let mut written = Vec::new();
    Http::encode(&response, &mut written).ok().map(|()| written)
}

fn is_status_and_json(bytes: &[u8]) -> bool {
    let read = |bytes: &[u8]| <Http as Codec<(StatusCode, Json<Value>)>>::decode(bytes).ok();
    let Some((status, Json(value))) = read(bytes) else { return false };
    let mut written = Vec::new();
    Http::encode(&(status, Json(value.clone())), &mut written).expect("JSON is written as JSON");
    let again = read(&written).map(|(status, Json(value))| (status, value));
    assert_eq!(again, Some((status, value)));
    true
}
