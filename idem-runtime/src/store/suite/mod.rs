//! The conformance suite among the unit tests of this package, for `cargo mutants`: seconds for each
//! mutant. Everybody else runs it in `tests/tests/conformance.rs`.

mod redis;

use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Dialect, Memory, Name, Redis, RedisOptions, Sqlite};

const TIMEOUT: Duration = Duration::from_secs(20);

crate::conformance!(memory, async || Memory::new(), counts);
crate::conformance!(sqlite, sqlite_nodes);
crate::conformance!(scripts, || nodes(Dialect::Scripts), counts, plant = plant);
crate::conformance!(commands, || nodes(Dialect::SetGet), counts, plant = plant);
crate::conformance!(native, || nodes(Dialect::Native), counts, plant = plant);

/// A Valkey of this process, which speaks every dialect.
struct Server {
    url: String,
    /// Its input closes with this process, and then it kills the server.
    shell: Child,
}

impl Server {
    fn start() -> Self {
        const SCRIPT: &str = r#"
            "$0" --port 0 --unixsocket "$1/socket" --save "" &
            read end; kill $!; wait $!; rm -r "$1""#;
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/servers/bin/valkey-server");
        let folder = tempfile::tempdir().expect("a folder").keep();
        let socket = folder.join("socket");
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, program])
            .arg(&folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let late = Instant::now() + TIMEOUT;
        while UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < late, "no server at {program}: `tests/run` installs it");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { url: format!("redis+unix://{}", socket.display()), shell }
    }

    fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn stop(mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().expect("it ends");
    }

    async fn connect(&self, options: &RedisOptions) -> Redis {
        Redis::connect(&self.url, options).await.expect("a server")
    }

    /// What a person types.
    async fn run(&self, command: &str) {
        let client = ::redis::Client::open(&*self.url).expect("a client");
        let mut client = client.get_multiplexed_async_connection().await.expect("a connection");
        let mut words = command.split_whitespace();
        let mut command = ::redis::cmd(words.next().expect("a command"));
        for word in words {
            command.arg(word);
        }
        command.exec_async(&mut client).await.expect("it is done");
    }
}

async fn nodes(at_most: Dialect) -> [Redis; 2] {
    let options = RedisOptions::default().timeout(TIMEOUT).at_most(at_most);
    [Server::shared().connect(&options).await, Server::shared().connect(&options).await]
}

async fn plant(_: &Redis, name: &Name, bytes: &[u8]) {
    let client = ::redis::Client::open(&*Server::shared().url).expect("a client");
    let mut client = client.get_multiplexed_async_connection().await.expect("a connection");
    let set = ::redis::cmd("SET").arg(&**name).arg(bytes).arg("PX").arg(120_000).to_owned();
    set.exec_async(&mut client).await.expect("it is set");
}

async fn sqlite_nodes() -> [Sqlite; 2] {
    thread_local! {
        // A test is a thread, and the folder goes with it.
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
    }
    let file = FOLDER.with(|folder| folder.path().join("records"));
    let node = async || {
        let pool = Sqlite::own_pool(Sqlite::file(&file), TIMEOUT);
        let store = Sqlite::new(pool, "conformance", TIMEOUT).expect("a name");
        store.migrate().await.expect("it migrates");
        store
    };
    [node().await, node().await]
}
