use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::charge::{Guard, Receipt};

/// Charges by requests to a server. Each clone has a connection of its own, which the next clone
/// takes over.
pub(crate) struct OverHttp {
    server: SocketAddr,
    idle: Arc<Mutex<Vec<Connection>>>,
    own: Mutex<Option<Connection>>,
}

struct Connection {
    stream: TcpStream,
    /// What is sent, and then what comes back.
    bytes: Vec<u8>,
}

impl OverHttp {
    pub(super) fn to(server: SocketAddr) -> Self {
        Self { server, idle: Arc::default(), own: Mutex::default() }
    }

    async fn connection(&self) -> Connection {
        let idle = lock(&self.own).take().or_else(|| lock(&self.idle).pop());
        if let Some(connection) = idle {
            return connection;
        }
        let stream = TcpStream::connect(self.server).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        Connection { stream, bytes: Vec::with_capacity(1024) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clone for OverHttp {
    fn clone(&self) -> Self {
        let idle = Arc::clone(&self.idle);
        Self { server: self.server, idle, own: Mutex::default() }
    }
}

impl Drop for OverHttp {
    fn drop(&mut self) {
        lock(&self.idle).extend(lock(&self.own).take());
    }
}

impl Guard for OverHttp {
    async fn charge(&self, order: u64) -> Receipt {
        let mut connection = self.connection().await;
        connection.send(order).await;
        let receipt = connection.receipt().await;
        *lock(&self.own) = Some(connection);
        receipt
    }
}

impl Connection {
    async fn send(&mut self, order: u64) {
        let body = format!("{{\"order\":{order}}}");
        self.bytes.clear();
        write!(
            self.bytes,
            "POST /charge HTTP/1.1\r\nHost: bench\r\nX-User: ada\r\nIdempotency-Key: \"{order:032x}\"\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("a vector takes all");
        self.stream.write_all(&self.bytes).await.expect("the server reads");
    }

    /// Reads an answer, whose length is said in its head.
    async fn receipt(&mut self) -> Receipt {
        self.bytes.clear();
        loop {
            let read = self.stream.read_buf(&mut self.bytes).await.expect("the server answers");
            assert!(read > 0, "the server goes on listening");
            let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.bytes[..end]).expect("a head");
            let (_, length) = head.split_once("content-length: ").expect("a length");
            let length: usize = length.lines().next().unwrap_or("").parse().expect("a number");
            let body = &self.bytes[end + 4..];
            if body.len() == length {
                assert!(head.starts_with("HTTP/1.1 201"), "{head}");
                return serde_json::from_slice(body).expect("a receipt");
            }
        }
    }
}
