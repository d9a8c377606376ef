//! Reading a response's body, so that it can be stored and still be sent.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::Error;
use axum_core::body::Body;
use axum_core::response::Response;
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame};

use crate::error::Source;

/// The whole body of the response that has this extension.
#[derive(Debug, Clone)]
struct Whole(Bytes);

/// What was read of a body that has more to come.
#[derive(Debug, Clone, Default)]
struct Reading {
    chunks: Vec<Bytes>,
    length: usize,
}

/// Reads the body, if its length is known beforehand and not over `limit`; else leaves it as it is.
/// Whatever is read is sent as well.
pub(super) fn poll(response: &mut Response, limit: usize, context: &mut Context<'_>) -> Poll<()> {
    let begun = response.extensions_mut().remove::<Reading>();
    let Some(mut reading) = begun.or_else(|| Reading::begin(response, limit)) else {
        return Poll::Ready(());
    };
    loop {
        let end = match Pin::new(response.body_mut()).poll_frame(context) {
            Poll::Pending => {
                response.extensions_mut().insert(reading);
                return Poll::Pending;
            }
            Poll::Ready(None) => break,
            Poll::Ready(Some(Err(error))) => Err(error),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if reading.length + data.len() <= limit => {
                    reading.length += data.len();
                    reading.chunks.push(data);
                    continue;
                }
                // Longer than it said.
                Ok(data) => Ok(Frame::data(data)),
                Err(trailers) => Ok(trailers),
            },
        };
        let rest = std::mem::take(response.body_mut());
        *response.body_mut() = reading.given_back(end, rest);
        return Poll::Ready(());
    }
    let whole = reading.joined();
    *response.body_mut() = Body::from(whole.clone());
    response.extensions_mut().insert(Whole(whole));
    Poll::Ready(())
}

/// The body that was read whole.
pub(super) fn whole(response: &Response) -> Result<&[u8], Source> {
    if let Some(Whole(bytes)) = response.extensions().get() {
        return Ok(bytes);
    }
    Err(match response.body().size_hint().exact() {
        Some(length) => format!("its body of {length} bytes was not read").into(),
        None => "its body has no length that is known beforehand".into(),
    })
}

impl Reading {
    /// `None` for a body that is not to be read.
    fn begin(response: &mut Response, limit: usize) -> Option<Self> {
        // One that a guarded call within this one has left, perhaps of another body.
        response.extensions_mut().remove::<Whole>();
        let length = response.body().size_hint().exact();
        // An upgraded connection has a body of its own.
        let fits = length.is_some_and(|length| length <= limit as u64);
        (fits && !response.status().is_informational()).then(Self::default)
    }

    fn joined(mut self) -> Bytes {
        if self.chunks.len() == 1 {
            return self.chunks.remove(0);
        }
        let mut joined = BytesMut::with_capacity(self.length);
        self.chunks.iter().for_each(|chunk| joined.extend_from_slice(chunk));
        joined.freeze()
    }

    /// The body as it would have been without reading.
    fn given_back(self, last: Result<Frame<Bytes>, Error>, rest: Body) -> Body {
        let mut read: VecDeque<_> =
            self.chunks.into_iter().map(|chunk| Ok(Frame::data(chunk))).collect();
        read.push_back(last);
        Body::new(GivenBack { read, rest })
    }
}

struct GivenBack {
    read: VecDeque<Result<Frame<Bytes>, Error>>,
    rest: Body,
}

impl http_body::Body for GivenBack {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.read.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http::{HeaderMap, HeaderValue, StatusCode};
    use http_body::SizeHint;

    use super::*;

    /// A body of these frames that says how long it is, whether that is so or not.
    struct Frames(VecDeque<Sent>, u64);

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Ready(self.0.pop_front())
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.1)
        }
    }

    type Sent = Result<Frame<Bytes>, Error>;

    const DATA: fn(&'static str) -> Sent =
        |text| Ok(Frame::data(Bytes::from_static(text.as_bytes())));

    const TRAILERS: fn() -> Sent = || {
        let status = HeaderValue::from_static("0");
        let name = http::HeaderName::from_static("grpc-status");
        Ok(Frame::trailers(HeaderMap::from_iter([(name, status)])))
    };

    const BROKEN: fn() -> Sent = || Err(Error::new("the disk is gone"));

    fn response<const N: usize>(frames: [Sent; N], says: u64) -> Response {
        Response::new(Body::new(Frames(frames.into(), says)))
    }

    /// Reads a body for storing, and then as its client does: data, and how each other frame reads.
    async fn read(response: &mut Response, limit: usize) -> (Result<String, String>, Vec<String>) {
        poll_fn(|context| poll(response, limit, context)).await;
        let whole = whole(response).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let mut sent = Vec::new();
        let body = response.body_mut();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            sent.push(match frame.map(Frame::into_data) {
                Ok(Ok(data)) => String::from_utf8_lossy(&data).into_owned(),
                Ok(Err(_)) => "(trailers)".to_owned(),
                Err(_) => "(broken)".to_owned(),
            });
        }
        (whole.map_err(|error| error.to_string()), sent)
    }

    #[tokio::test]
    async fn a_body_that_is_as_long_as_it_says_is_read_whole() {
        let (whole, sent) = read(&mut response([DATA("ab"), DATA("c")], 3), 3).await;
        assert_eq!((whole.as_deref(), sent), (Ok("abc"), vec!["abc".to_owned()]));
        let (whole, sent) = read(&mut response([], 0), 0).await;
        assert_eq!((whole.as_deref(), sent.concat().as_str()), (Ok(""), ""));
    }

    #[tokio::test]
    async fn any_other_is_sent_as_it_is() {
        for (mut response, expected) in [
            (response([DATA("ab"), DATA("cd")], 4), "ab cd"),
            (response([DATA("ab"), DATA("cd"), DATA("ef")], 2), "ab cd ef"),
            (response([DATA("ab"), TRAILERS()], 2), "ab (trailers)"),
            (response([DATA("a"), BROKEN()], 2), "a (broken)"),
        ] {
            let (whole, sent) = read(&mut response, 3).await;
            assert_eq!(sent.join(" "), expected);
            assert!(whole.is_err(), "{expected}");
        }
    }

    #[tokio::test]
    async fn an_upgraded_connection_is_not_read() {
        let mut response = response([], 0);
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        assert!(read(&mut response, 3).await.0.is_err());
    }

    /// A handler may pass on what a guarded call has given it, with another body.
    #[tokio::test]
    async fn a_body_is_read_anew() {
        let mut response = response([DATA("ab")], 2);
        assert_eq!(read(&mut response, 9).await.0.as_deref(), Ok("ab"));
        *response.body_mut() = Body::from("other");
        assert_eq!(read(&mut response, 9).await.0.as_deref(), Ok("other"));
        *response.body_mut() = Body::from("too long for it");
        assert!(read(&mut response, 9).await.0.is_err());
    }
}
