//! The conformance suite among the unit tests of this package, for `cargo mutants`: seconds for each
//! mutant. Everybody else runs it in `tests/tests/conformance.rs`.

use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Dialect, Memory, Name, Redis, RedisOptions, Sqlite};

const TIMEOUT: Duration = Duration::from_secs(20);

crate::conformance!(memory, async || Memory::new());
crate::conformance!(sqlite, sqlite_nodes);
crate::conformance!(scripts, || nodes(Dialect::Scripts), plant = plant);
crate::conformance!(commands, || nodes(Dialect::SetGet), plant = plant);
crate::conformance!(native, || nodes(Dialect::Native), plant = plant);

/// A Valkey of this process, which speaks every dialect.
struct Server {
    url: String,
    /// Its input closes with this process, and then it kills the server.
    _shell: Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/servers/bin/valkey-server");
        let folder = tempfile::tempdir().expect("a folder").keep();
        let socket = folder.join("socket");
        let shell = Command::new("sh")
            .args(["-c", r#""$0" --port 0 --unixsocket "$1/socket" --save "" & read end; kill $!; rm -r "$1""#])
            .args([program.into(), folder.clone().into_os_string()])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let late = Instant::now() + TIMEOUT;
        while !socket.exists() {
            assert!(Instant::now() < late, "no server at {program}: `tests/run` installs it");
            std::thread::sleep(Duration::from_millis(5));
        }
        Server { url: format!("redis+unix://{}", socket.display()), _shell: shell }
    })
}

async fn nodes(at_most: Dialect) -> [Redis; 2] {
    let options = RedisOptions { timeout: TIMEOUT, at_most, ..RedisOptions::default() };
    let node = async || Redis::connect(&server().url, &options).await.expect("a server");
    [node().await, node().await]
}

async fn plant(_: &Redis, name: &Name, bytes: &[u8]) {
    let client = redis::Client::open(&*server().url).expect("a client");
    let mut client = client.get_multiplexed_async_connection().await.expect("a connection");
    let set = redis::cmd("SET").arg(&**name).arg(bytes).arg("PX").arg(120_000).to_owned();
    set.exec_async(&mut client).await.expect("it is set");
}

async fn sqlite_nodes() -> [Sqlite; 2] {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder"));
    let node = async || {
        let pool = Sqlite::own_pool(Sqlite::file(&folder.path().join("records")), TIMEOUT);
        let store = Sqlite::new(pool, "conformance", TIMEOUT).expect("a name");
        store.migrate().await.expect("it migrates");
        store
    };
    [node().await, node().await]
}
