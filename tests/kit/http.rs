//! Requests as an outsider sends them: bytes on a connection of their own, with no client's help.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One request, as its bytes.
///
/// ```no_run
/// # async fn test(server: std::net::SocketAddr) {
/// let post = kit::http::Request::post("/pay").header("Idempotency-Key", "k-1");
/// let answer = post.json(r#"{"amount":5}"#).send(server).await;
/// assert_eq!((answer.status, answer.text()), (200, "paid"));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    /// A request by any method.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        Self { head: head.into_bytes(), body: Vec::new() }
    }

    /// A `POST`.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// Adds a line to the head, whatever its bytes; a name that is there already gets a second line.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for bytes in [name.as_bytes(), b": ", value.as_ref(), b"\r\n"] {
            self.head.extend_from_slice(bytes);
        }
        self
    }

    /// The same request with an idempotency key.
    #[must_use]
    pub fn key(self, key: impl AsRef<[u8]>) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// The same request with a body of JSON.
    #[must_use]
    pub fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    /// The same request with the fields of a form, encoded as they are in a URL.
    #[must_use]
    pub fn form(self, fields: &str) -> Self {
        self.body("application/x-www-form-urlencoded", fields)
    }

    fn body(self, kind: &str, body: &str) -> Self {
        let mut request = self.header("Content-Type", kind);
        request.body = body.as_bytes().to_vec();
        request
    }

    /// Sends all of it, and leaves the answer to be read.
    ///
    /// # Panics
    ///
    /// When nobody listens there.
    pub async fn start(self, server: SocketAddr) -> Sent {
        let mut stream = TcpStream::connect(server).await.expect("somebody listens");
        let mut bytes = self.head;
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        // A server that has heard enough may answer before it has read all.
        let _ = stream.write_all(&bytes).await;
        Sent(stream)
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send(self, server: SocketAddr) -> Answer {
        self.start(server).await.answer().await.expect("the server answers")
    }
}

/// A request that was sent. Dropped, its client has left.
#[derive(Debug)]
pub struct Sent(TcpStream);

impl Sent {
    /// The answer; `None` when the server closes the connection without one.
    pub async fn answer(mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        // Until the end; a connection that is reset has said all that it will, and one that a
        // child of the server has inherited is never closed.
        while !Answer::parse(&bytes).is_some_and(|answer| answer.is_whole()) {
            let Ok(1..) = self.0.read_buf(&mut bytes).await else { break };
        }
        Answer::parse(&bytes)
    }
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The lines of the head in their order, the names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came: with its chunks, where it came in chunks.
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    /// Whether its body is as long as it said.
    fn is_whole(&self) -> bool {
        let said = self.all("content-length").first().and_then(|length| length.parse().ok());
        said == Some(self.body.len())
    }

    /// The value of a header that comes once.
    ///
    /// # Panics
    ///
    /// When it comes twice.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() <= 1, "{name}: {values:?}");
        values.first().copied()
    }

    /// The values of a header, in order.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.headers.iter().filter(|(known, _)| known == name);
        lines.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }

    /// Whether it says that it answers a duplicate.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }
}
