//! A response as stored bytes.

use axum_core::body::Body;
use axum_core::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::error::Source;

/// The headers of a response that are stored and replayed: those that describe its content, or say
/// what the request has made. Never `Set-Cookie`, `Date`, what belongs to one connection, or what
/// traces one request; nor `Retry-After`, as what is stored is answered the same again. The server
/// writes `Content-Length` itself.
pub const KEPT: &[HeaderName] = &[
    header::ALLOW,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::LINK,
    header::LOCATION,
    header::VARY,
    header::WWW_AUTHENTICATE,
];

/// The first byte. Another layout gets another number.
const VERSION: u8 = 1;

/// Appends status, kept headers and body. Lengths are big-endian; the body is what is left.
pub(super) fn write(status: StatusCode, headers: &HeaderMap, body: &[u8], out: &mut Vec<u8>) {
    let kept = || headers.iter().filter(|(name, _)| KEPT.contains(name));
    out.push(VERSION);
    out.extend_from_slice(&status.as_u16().to_be_bytes());
    push_length(out, kept().count());
    for (name, value) in kept() {
        for bytes in [name.as_str().as_bytes(), value.as_bytes()] {
            push_length(out, bytes.len());
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(body);
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

/// The response of what [`write`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<Response, Source> {
    let mut rest = Rest(bytes);
    match rest.take(1)? {
        [VERSION] => {}
        _ => return Err("a response of another version of this library".into()),
    }
    let status = rest.status()?;
    let count = rest.length()?;
    let mut headers = HeaderMap::new();
    for _ in 0..count {
        let name = rest.length().and_then(|length| rest.take(length))?;
        let value = rest.length().and_then(|length| rest.take(length))?;
        // More than a map of headers takes is an error here, and a panic by `append`.
        headers.try_append(HeaderName::from_bytes(name)?, HeaderValue::from_bytes(value)?)?;
    }
    let mut response = Response::new(Body::from(Bytes::copy_from_slice(rest.0)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// What was not read yet.
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Source> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("the response ends early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn length(&mut self) -> Result<usize, Source> {
        let bytes: [u8; 4] = self.take(4)?.try_into()?;
        Ok(usize::try_from(u32::from_be_bytes(bytes))?)
    }

    pub(super) fn status(&mut self) -> Result<StatusCode, Source> {
        let bytes: [u8; 2] = self.take(2)?.try_into()?;
        Ok(StatusCode::from_u16(u16::from_be_bytes(bytes))?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The layout is frozen: processes of several versions share a store.
    #[test]
    fn the_bytes_are_these() {
        let mut headers = HeaderMap::new();
        headers.insert(header::SET_COOKIE, HeaderValue::from_static("session=1"));
        headers.append(header::LINK, HeaderValue::from_static("<a>"));
        headers.append(header::LINK, HeaderValue::from_static("<b>"));
        headers.insert("x-trace", HeaderValue::from_static("1"));
        let mut out = Vec::new();
        write(StatusCode::CREATED, &headers, &[0xff, 0], &mut out);
        let golden =
            b"\x01\x00\xc9\0\0\0\x02\0\0\0\x04link\0\0\0\x03<a>\0\0\0\x04link\0\0\0\x03<b>\xff\0";
        assert_eq!(out, golden);

        let read = read(golden).expect("it was written so");
        assert_eq!(read.status(), StatusCode::CREATED);
        let links: Vec<_> = read.headers().get_all(header::LINK).iter().collect();
        assert_eq!(links, ["<a>", "<b>"]);
        assert_eq!(read.headers().len(), 2);
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_an_error() {
        let mut out = Vec::new();
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_static("/credits/1"));
        write(StatusCode::CREATED, &headers, b"", &mut out);
        for length in 0..out.len() {
            assert!(read(&out[..length]).is_err(), "{length}");
        }
        for (at, byte) in [(0, 2), (1, 0xff), (3, 0xff), (7, 0xff)] {
            let mut wrong = out.clone();
            wrong[at] = byte;
            assert!(read(&wrong).is_err(), "{at}");
        }
    }

    /// No map of headers takes more than 32768.
    #[test]
    fn more_headers_than_there_can_be_are_an_error() {
        let mut bytes = vec![VERSION, 0, 200];
        push_length(&mut bytes, 40_000);
        for number in 0..40_000 {
            let name = format!("x-{number}");
            push_length(&mut bytes, name.len());
            bytes.extend_from_slice(name.as_bytes());
            push_length(&mut bytes, 0);
        }
        assert!(read(&bytes).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_written_is_read(
            status in 100_u16..1000,
            values in prop::collection::vec((0..KEPT.len(), "[ -~]{0,20}"), 0..6),
            body in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let mut headers = HeaderMap::new();
            for (name, value) in values {
                headers.append(KEPT[name].clone(), HeaderValue::from_str(&value).unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            let mut out = Vec::new();
            write(status, &headers, &body, &mut out);
            let read = read(&out).unwrap();
            prop_assert_eq!(read.status(), status);
            prop_assert_eq!(read.headers(), &headers);
            prop_assert_eq!(&out[out.len() - body.len()..], &body[..]);
        }

        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(prop_oneof![Just(0), 0..8_u8, any::<u8>()], 0..80),
        ) {
            drop(read(&bytes));
            drop(read(&[&[VERSION, 0, 200][..], &bytes].concat()));
        }
    }
}
