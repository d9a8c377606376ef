use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use super::{Kind, template};
use crate::{port, supervisor::Supervisor, wait};

/// How long it may take to start before a test gives up. It takes less than a second.
const START_DEADLINE: Duration = Duration::from_mins(1);

/// A real database server on a free loopback port, in a temporary folder; gone when it is dropped,
/// or when the process is.
///
/// Starting, stopping and signalling block the thread.
///
/// ```no_run
/// # use kit::database::{Kind, Server};
/// # async fn test() {
/// let mut server = Server::start(Kind::Postgres);
/// let pool = sqlx::PgPool::connect(&server.url()).await.unwrap();
/// server.kill();
/// server.start_again();
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    port: u16,
    supervisor: Supervisor,
}

impl Server {
    /// A server of one's own, running.
    #[must_use]
    pub fn start(kind: Kind) -> Self {
        Self::start_with(kind, &[])
    }

    /// The same, with more in its configuration.
    ///
    /// # Panics
    ///
    /// When it isn't installed or doesn't start, with its log.
    #[must_use]
    pub fn start_with(kind: Kind, configuration: &[(&str, &str)]) -> Self {
        for _ in 0..10 {
            let port = port::free();
            // What Postgres shares between its processes outlives one that is killed.
            let last = ("IDEM_KIT_LAST_SIGNAL".to_owned(), kind.last_signal().to_owned());
            let supervisor =
                Supervisor::new(&[last], |folder| kind.command(folder, port, configuration));
            template::copy_to(kind, supervisor.folder());
            let mut server = Self { kind, port, supervisor };
            server.supervisor.start();
            if server.answers() {
                return server;
            }
            let log = server.supervisor.log();
            assert!(log.contains("ddress already in use"), "{server:?} didn't start:\n{log}");
        }
        panic!("ten free ports in a row were taken by others");
    }

    /// The server of this kind that all tests of the process share, started by the first.
    ///
    /// Each test takes names of its own there, and leaves the server as it is.
    #[must_use]
    pub fn shared(kind: Kind) -> &'static Self {
        static POSTGRES: OnceLock<Server> = OnceLock::new();
        static MARIADB: OnceLock<Server> = OnceLock::new();
        let shared = match kind {
            Kind::Postgres => &POSTGRES,
            Kind::MariaDb => &MARIADB,
        };
        shared.get_or_init(|| Self::start(kind))
    }

    /// Which database it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// Where it listens, for a [proxy](crate::proxy::Proxy) before it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// How a client reaches it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_by_way_of(self.address())
    }

    /// How a client reaches it by way of `address`, a proxy's.
    #[must_use]
    pub fn url_by_way_of(&self, address: SocketAddr) -> String {
        self.kind.url(address)
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.supervisor.folder()
    }

    /// Stops it in good order; its clients lose their connections.
    pub fn stop(&mut self) {
        self.supervisor.signal(self.kind.stop_signal());
        self.supervisor.resume(); // a paused one would never see it
        self.supervisor.wait();
    }

    /// Kills it (`SIGKILL`), with all of its processes, as a crash of the machine would: those of
    /// Postgres' that serve clients would answer until they notice.
    pub fn kill(&mut self) {
        // It must not see that they end.
        self.supervisor.pause();
        self.signal_children("KILL");
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
        let answers = wait::holds_by(START_DEADLINE, || {
            self.supervisor.start();
            let answers = self.answers();
            // Processes of one that was killed may need a moment to notice.
            if !answers {
                self.supervisor.wait();
            }
            answers
        });
        assert!(answers, "{self:?} didn't start again:\n{}", self.supervisor.log());
    }

    /// [Stops](Self::stop) and [starts](Self::start_again) it.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Stops it where it is (`SIGSTOP`), with all of its processes: clients get no answer.
    pub fn pause(&mut self) {
        self.supervisor.pause();
        self.signal_children("STOP");
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        self.signal_children("CONT");
        self.supervisor.resume();
    }

    /// Postgres has a process for each connection, in a group of its own.
    fn signal_children(&self, name: &str) {
        let parent = self.supervisor.pid().to_string();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let children = processes.map(|process| process.path()).filter(|process| {
            let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
            let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
            fields.split_whitespace().nth(1) == Some(&parent)
        });
        let ids: Vec<_> = children.filter_map(|it| Some(it.file_name()?.to_owned())).collect();
        if !ids.is_empty() {
            let sent = Command::new("kill").args(["-s", name]).args(ids).status();
            sent.expect("`kill` can be run");
        }
    }

    /// Whether it takes connections before it ends or the deadline passes.
    fn answers(&self) -> bool {
        let ready = || self.kind.is_ready(self.folder(), self.supervisor.pid());
        wait::holds_by(START_DEADLINE, || ready() || !self.supervisor.is_running()) && ready()
    }
}
