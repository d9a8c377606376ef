use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use super::{Client, Flavour, Monitor};
use crate::{port, supervisor::Supervisor, wait};

/// How long a server may take to start before a test gives up. It takes some 20 ms.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// What every server is told, in the words of its configuration file.
const CONFIGURATION: &[(&str, &str)] = &[
    ("bind", "127.0.0.1"),
    ("save", ""),
    ("daemonize", "no"),
    ("appendfsync", "always"),
    // A test that must know what a full or a slow server does makes one.
    ("enable-debug-command", "yes"),
    // The server looks for a signal this often a second: a test waits for its end.
    ("hz", "100"),
    ("repl-diskless-sync-delay", "0"),
    ("shutdown-timeout", "0"),
];

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
    flavour: Flavour,
    port: u16,
    password: Option<String>,
    supervisor: Supervisor,
}

/// A server that is about to be started.
#[derive(Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Starting {
    flavour: Flavour,
    password: Option<String>,
    configuration: Vec<(String, String)>,
}

impl Starting {
    /// Sets a line of the server's configuration.
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.configuration.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks clients for a password (`requirepass`); it is in the [url](Server::url).
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.config("requirepass", password)
    }

    /// Makes it a replica of another server; see [`Client::wait_until_replicating`].
    pub fn replica_of(mut self, primary: &Server) -> Self {
        if let Some(password) = &primary.password {
            self = self.config("masterauth", password);
        }
        self.config("replicaof", &format!("127.0.0.1 {}", primary.port))
    }

    /// Starts it, and returns when it answers.
    ///
    /// # Panics
    ///
    /// When it isn't installed or doesn't start, with its log.
    #[must_use]
    pub fn start(self) -> Server {
        let program = self.flavour.program();
        for _ in 0..10 {
            let port = port::free();
            let supervisor = Supervisor::new(&[], |folder| {
                let mut command = vec![program.display().to_string()];
                let fixed = CONFIGURATION.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
                let own = [
                    ("port".to_owned(), port.to_string()),
                    ("dir".to_owned(), folder.display().to_string()),
                ];
                for (name, value) in fixed.chain(own).chain(self.configuration.iter().cloned()) {
                    command.push(format!("--{name}"));
                    // `replicaof` takes two values, and as arguments each is its own word.
                    match &*name {
                        "replicaof" => command.extend(value.split(' ').map(str::to_owned)),
                        _ => command.push(value),
                    }
                }
                command
            });
            let mut server =
                Server { flavour: self.flavour, port, password: self.password.clone(), supervisor };
            server.supervisor.start();
            if server.answers_by(START_DEADLINE) {
                return server;
            }
            let log = server.supervisor.log();
            assert!(log.contains("Address already in use"), "{server:?} didn't start:\n{log}");
        }
        panic!("ten free ports in a row were taken by others");
    }
}

impl Server {
    /// A server that is told more than the usual before it starts.
    pub fn with(flavour: Flavour) -> Starting {
        Starting { flavour, password: None, configuration: Vec::new() }
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
        let answers = self.answers_by(START_DEADLINE);
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

    /// Waits until this very process answers: somebody else may have taken the port.
    fn answers_by(&self, deadline: Duration) -> bool {
        let own = format!("process_id:{}\r\n", self.pid());
        let info = || self.info().is_ok_and(|info| info.contains(&own));
        wait::holds_by(deadline, || info() || !self.supervisor.is_running()) && info()
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
