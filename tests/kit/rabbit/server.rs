use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use super::settings::{self, Ports};
use crate::{port, supervisor::Supervisor, wait};

/// How long it may take to start before a test gives up. It takes some four seconds.
const START_DEADLINE: Duration = Duration::from_mins(2);

/// What it says when it takes connections.
const READY: &str = "Server startup complete";

/// A real RabbitMQ node on a free loopback port, in a temporary folder; gone when it is dropped, or
/// when the process is.
///
/// Starting blocks the thread, for some four seconds.
///
/// ```no_run
/// let server = kit::rabbit::Server::shared();
/// println!("{}", server.url());
/// ```
#[derive(Debug)]
pub struct Server {
    ports: Ports,
    supervisor: Supervisor,
    /// How often it has come to take connections.
    started: usize,
}

impl Server {
    /// A node of one's own, running.
    ///
    /// # Panics
    ///
    /// When it isn't installed or doesn't start, with its log.
    #[must_use]
    pub fn start() -> Self {
        for _ in 0..10 {
            let ports = Ports { clients: port::free(), nodes: port::free() };
            let supervisor = Supervisor::new(&[], |folder| settings::command(folder, ports));
            settings::configure(supervisor.folder(), ports);
            let mut server = Self { ports, supervisor, started: 0 };
            server.supervisor.start();
            if server.answers() {
                return server;
            }
            let log = server.log();
            assert!(log.contains("eaddrinuse"), "{server:?} didn't start:\n{log}");
        }
        panic!("ten free ports in a row were taken by others");
    }

    /// The node that all tests of the process share, started by the first.
    ///
    /// Each test takes queues of its own there, and leaves the node as it is.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Where it listens, for a [proxy](crate::proxy::Proxy) before it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.clients).into()
    }

    /// How a client reaches it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_by_way_of(self.address())
    }

    /// How a client reaches it by way of `address`, a proxy's.
    #[must_use]
    pub fn url_by_way_of(&self, address: SocketAddr) -> String {
        format!("amqp://guest:guest@{address}/%2f")
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.supervisor.folder()
    }

    /// Kills it (`SIGKILL`), as a crash would. It keeps what it has confirmed.
    pub fn kill(&mut self) {
        self.supervisor.signal("KILL");
        self.supervisor.wait();
    }

    /// Starts it again on the same ports and folder, once [killed](Self::kill), and returns when it
    /// takes connections.
    ///
    /// # Panics
    ///
    /// When it runs, or doesn't start.
    pub fn start_again(&mut self) {
        self.supervisor.start();
        let answers = self.answers();
        assert!(answers, "{self:?} didn't start again:\n{}", self.log());
    }

    /// Whether it takes connections before it ends or the deadline passes. The log is this node's
    /// alone: where somebody else has taken the port, it never says so.
    fn answers(&mut self) -> bool {
        let ready = || self.log().matches(READY).count() > self.started;
        wait::holds_by(START_DEADLINE, || ready() || !self.supervisor.is_running());
        let answers = ready();
        self.started += usize::from(answers);
        answers
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }
}
