//! A connection that breaks at the byte where the test wants it.
//!
//! What breaks is decided by the bytes that pass, never by time, so a test that breaks a
//! connection runs the same way each time.

mod link;
mod rules;

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use rules::{Rule, Rules};

/// How long a request that a test waits for may take to come, before the test fails.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A TCP proxy before a server, on a loopback port of its own.
///
/// It passes everything through until it is told otherwise. Each thing that it is told happens
/// once, to the first connection that it fits; then it passes everything through again. It lives
/// in the runtime where it was started, and closes its connections when it is dropped.
///
/// ```no_run
/// # use kit::{proxy::Proxy, redis::{Client, Flavour, Server}};
/// # async fn test() {
/// let server = Server::start(Flavour::Redis);
/// let proxy = Proxy::start(server.address()).await;
/// let mut client = Client::connect(&server.url_by_way_of(proxy.address())).await;
/// let swallowed = proxy.swallow_reply_to("SET");
/// assert!(client.try_run::<()>(&["SET", "key", "value"]).await.is_err());
/// swallowed.landed().await; // the server did it, and the client doesn't know
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    rules: Arc<Rules>,
    listening: Option<JoinHandle<()>>,
    upstream: watch::Sender<SocketAddr>,
    /// Its number changes when all connections are to be closed.
    generation: watch::Sender<u64>,
}

/// A request whose client never hears of its reply.
#[derive(Debug)]
pub struct Swallowed {
    replied: oneshot::Receiver<Vec<u8>>,
}

/// A request that the proxy keeps back.
#[derive(Debug)]
pub struct Held {
    caught: oneshot::Receiver<oneshot::Sender<()>>,
    reply: oneshot::Receiver<Vec<u8>>,
}

/// A caught request, for the test to decide when the server gets it.
#[derive(Debug)]
pub struct Caught {
    deliver: oneshot::Sender<()>,
    reply: oneshot::Receiver<Vec<u8>>,
}

/// Not on a port that the system gives out: it has to be free again after `refuse`. One that looked free
/// may be another process's by now.
async fn listen() -> TcpListener {
    for _ in 0..10 {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::port::free())).await {
            return listener;
        }
    }
    panic!("ten free ports in a row were taken by others");
}

impl Proxy {
    /// Starts one before the server at `upstream`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or where no port is to be had.
    pub async fn start(upstream: SocketAddr) -> Self {
        let (generation, _) = watch::channel(0);
        let rules = Arc::default();
        let listener = listen().await;
        let address = listener.local_addr().expect("it listens");
        let upstream = watch::Sender::new(upstream);
        let mut proxy = Self { address, rules, listening: None, upstream, generation };
        proxy.serve(listener);
        proxy
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has taken so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.rules.connections()
    }

    /// How many bytes of requests have come to it so far.
    #[must_use]
    pub fn requested(&self) -> usize {
        self.rules.requested()
    }

    /// How many bytes of replies have come to it so far.
    #[must_use]
    pub fn replied(&self) -> usize {
        self.rules.replied()
    }

    /// Forgets what it was told and has not begun to do.
    pub fn heal(&self) {
        self.rules.clear();
    }

    /// Lets `bytes` more bytes of requests pass on a connection, then closes it.
    pub fn cut_request_after(&self, bytes: usize) {
        self.rules.add(Rule::CutRequest { bytes });
    }

    /// Lets `bytes` more bytes of replies pass on a connection, then closes it.
    pub fn cut_reply_after(&self, bytes: usize) {
        self.rules.add(Rule::CutReply { bytes });
    }

    /// Passes on the next request with `pattern` in it, and closes the connection instead of
    /// passing on the reply.
    ///
    /// The request must be the only one on its connection that waits for a reply.
    pub fn swallow_reply_to(&self, pattern: impl AsRef<[u8]>) -> Swallowed {
        let (reply, replied) = oneshot::channel();
        self.rules.add(Rule::Swallow { pattern: pattern.as_ref().to_vec(), reply });
        Swallowed { replied }
    }

    /// Keeps back the next request with `pattern` in it, until it is [delivered](Caught::deliver),
    /// and all that follows it on its connection.
    ///
    /// The client may have gone by then; the server can't tell.
    #[must_use]
    pub fn hold_request(&self, pattern: impl AsRef<[u8]>) -> Held {
        let (catch, caught) = oneshot::channel();
        let (send_reply, reply) = oneshot::channel();
        let pattern = pattern.as_ref().to_vec();
        self.rules.add(Rule::Hold { pattern, catch, reply: send_reply });
        Held { caught, reply }
    }

    /// Closes all connections that there are.
    pub fn cut_all(&self) {
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// Leads new connections to another server; those that there are stay where they are.
    pub fn redirect(&self, upstream: SocketAddr) {
        self.upstream.send_replace(upstream);
    }

    /// Refuses new connections from when this returns; those that there are go on.
    pub async fn refuse(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// Takes connections again after [`refuse`](Self::refuse).
    ///
    /// # Panics
    ///
    /// When the port was taken meanwhile.
    pub async fn accept(&mut self) {
        if self.listening.is_some() {
            return;
        }
        let address = self.address;
        // A process that this one starts just now has its sockets, too, for a moment.
        let bound = timeout(PATIENCE, async {
            loop {
                match TcpListener::bind(address).await {
                    Err(error) if error.kind() == ErrorKind::AddrInUse => {
                        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    }
                    bound => return bound,
                }
            }
        });
        let bound = bound.await.expect("the port is free again");
        self.serve(bound.expect("the port is still ours"));
    }

    fn serve(&mut self, listener: TcpListener) {
        let (rules, upstream) = (Arc::clone(&self.rules), self.upstream.subscribe());
        let generation = self.generation.subscribe();
        self.listening = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                rules.count_connection();
                let upstream = *upstream.borrow();
                tokio::spawn(link::run(client, upstream, Arc::clone(&rules), generation.clone()));
            }
        }));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
        // The sender's end is what tells the connections.
    }
}

impl Swallowed {
    /// Waits until the server has replied, for the reply's first bytes.
    ///
    /// # Panics
    ///
    /// When the proxy goes before.
    pub async fn landed(self) -> Vec<u8> {
        let replied = timeout(PATIENCE, self.replied).await.expect("the request comes");
        replied.expect("the server replies, and the proxy is there")
    }
}

impl Held {
    /// Waits until the request has come.
    ///
    /// # Panics
    ///
    /// When the proxy goes before.
    pub async fn caught(self) -> Caught {
        let caught = timeout(PATIENCE, self.caught).await.expect("the request comes");
        let deliver = caught.expect("the proxy is there");
        Caught { deliver, reply: self.reply }
    }
}

impl Caught {
    /// Gives the request to the server, and waits for the first bytes of its reply.
    ///
    /// # Panics
    ///
    /// When the proxy has closed the connection.
    pub async fn deliver(self) -> Vec<u8> {
        let sent = self.deliver.send(());
        assert!(sent.is_ok(), "the proxy has closed the connection");
        self.reply.await.expect("the server replies")
    }
}
