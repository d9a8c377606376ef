use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use super::{Client, Flavour, Monitor, Starting};
use crate::{supervisor::Supervisor, wait};

/// How long it may take to start before a test gives up. It takes some 20 ms.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// A real server on a free loopback port, in a temporary folder; gone when it is dropped, or when
/// the process is.
///
/// Starting, stopping and signalling block the thread, for some 20 ms.
///
/// ```no_run
/// # use kit::redis::{Flavour, Server};
/// # async fn test() {
/// let mut server = Server::with(Flavour::Redis).config("appendonly", "yes").start();
/// let mut client = server.client().await;
/// client.run::<()>(&["SET", "key", "value"]).await;
/// server.kill();
/// server.start_again();
/// assert_eq!(server.client().await.run::<String>(&["GET", "key"]).await, "value");
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    pub(super) flavour: Flavour,
    pub(super) port: u16,
    pub(super) password: Option<String>,
    pub(super) supervisor: Supervisor,
}

impl Server {
    /// A server that is told more than the usual before it starts.
    pub fn with(flavour: Flavour) -> Starting {
        Starting::new(flavour)
    }

    /// A server of one's own, running.
    #[must_use]
    pub fn start(flavour: Flavour) -> Self {
        Self::with(flavour).start()
    }

    /// The server of this flavour that all tests of the process share, started by the first.
    ///
    /// Each test takes keys of its own there, and leaves the server as it is: no flushing, no
    /// stopping, no configuring.
    #[must_use]
    pub fn shared(flavour: Flavour) -> &'static Self {
        static REDIS: OnceLock<Server> = OnceLock::new();
        static VALKEY: OnceLock<Server> = OnceLock::new();
        let shared = match flavour {
            Flavour::Redis => &REDIS,
            Flavour::Valkey => &VALKEY,
        };
        shared.get_or_init(|| Self::start(flavour))
    }

    /// Its flavour.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Its port, the same as long as it lives.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, for a [proxy](crate::proxy::Proxy) before it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// How a client reaches it, with the password if it asks for one.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_by_way_of(self.address())
    }

    /// How a client reaches it by way of `address`, a proxy's.
    #[must_use]
    pub fn url_by_way_of(&self, address: SocketAddr) -> String {
        match &self.password {
            Some(password) => format!("redis://:{password}@{address}/"),
            None => format!("redis://{address}/"),
        }
    }

    /// A new connection to it.
    pub async fn client(&self) -> Client {
        Client::connect(&self.url()).await
    }

    /// Listens to all that clients send to it from now on.
    pub async fn monitor(&self) -> Monitor {
        Monitor::attach(self.address(), self.password.as_deref()).await
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.supervisor.folder()
    }

    /// Stops it in good order (`SIGTERM`). With `appendonly` it keeps its data.
    pub fn stop(&mut self) {
        self.supervisor.signal("TERM");
        self.supervisor.resume(); // a paused one would never see it
        self.supervisor.wait();
    }

    /// Kills it (`SIGKILL`), as a crash would.
    pub fn kill(&mut self) {
        self.supervisor.signal("KILL");
        self.supervisor.wait();
    }

    /// Starts it again on the same port and folder, once [stopped](Self::stop) or
    /// [killed](Self::kill), and returns when it answers.
    ///
    /// # Panics
    ///
    /// When it runs, or doesn't start.
    pub fn start_again(&mut self) {
        self.supervisor.start();
        let answers = self.answers();
        assert!(answers, "{self:?} didn't start again:\n{}", self.supervisor.log());
    }

    /// [Stops](Self::stop) and [starts](Self::start_again) it.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Stops it where it is (`SIGSTOP`): clients can connect, and get no answer.
    pub fn pause(&mut self) {
        self.supervisor.pause();
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        self.supervisor.resume();
    }

    /// Whether this very process answers before it ends or the deadline passes. Somebody else may
    /// have taken the port.
    pub(super) fn answers(&self) -> bool {
        let own = format!("process_id:{}\r\n", self.pid());
        let info = || self.info().is_ok_and(|info| info.contains(&own));
        wait::holds_by(START_DEADLINE, || info() || !self.supervisor.is_running()) && info()
    }

    /// What `INFO` answers, on a connection that is closed after it; all by hand, since this has
    /// to work on a thread without a runtime, and while the server is loading its data.
    fn info(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address())?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        if let Some(password) = &self.password {
            writeln!(stream, "AUTH {password}\r")?;
        }
        write!(stream, "INFO server\r\nPING\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        // A server that still loads its data knows INFO, and refuses PING.
        Ok(if answer.contains("+PONG") { answer } else { String::new() })
    }
}
