//! Services that are killed or stopped in the middle of a request. What had its effect is read off
//! the ledger.

use std::fs::{read_dir, remove_file};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kit::http::{Answer, Request};
use kit::ledger::Ledger;
use kit::place::sqlite_url;
use kit::process::{Process, Starting};
use kit::redis::{Flavour, Server};
use tempfile::TempDir;

use crate::support::assert_problem;

/// The lease of `kit-web`'s handlers.
const LEASE: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_secs(30);
/// Longer than any test.
const FOR_EVER: Duration = Duration::from_hours(1);

/// What the instances of a service share: a Redis, a database, and the ledger outside of both.
struct Shared {
    folder: TempDir,
    ledger: Ledger,
}

/// One instance.
struct Web {
    process: Process,
    address: SocketAddr,
}

impl Shared {
    fn new() -> Self {
        let folder = TempDir::with_prefix("idem-web-").expect("a temporary folder can be made");
        Self { folder, ledger: Ledger::new() }
    }

    async fn start(&self) -> Web {
        let run = Process::run(env!("CARGO_BIN_EXE_kit-web"));
        self.listening(self.with_arguments(run).start()).await
    }

    /// One whose machine's clock is off by so many seconds.
    async fn start_off_by(&self, seconds: i64) -> Web {
        // By `env`, so that nothing else is started with it.
        let run = Process::run("env").arg(format!("LD_PRELOAD={}", faketime()));
        // What counts the time that passes goes on as it does on a machine whose clock is wrong.
        let run = run.arg(format!("FAKETIME={seconds:+}")).arg("DONT_FAKE_MONOTONIC=1");
        let run = run.arg(env!("CARGO_BIN_EXE_kit-web"));
        let mut process = self.with_arguments(run).start();
        let line = process.line_with("the clock says ", SOON).await;
        let says: i64 = line.rsplit(' ').next().and_then(|it| it.parse().ok()).expect("seconds");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        let off = says - i64::try_from(now).expect("seconds");
        assert!((off - seconds).abs() < 60, "its clock is off by {off} s, not by {seconds} s");
        // What the library would share with the service's children outlives one that is killed.
        for shared in ["faketime_shm", "sem.faketime_sem"] {
            remove_file(format!("/dev/shm/{shared}_{}", process.pid())).expect("its own");
        }
        self.listening(process).await
    }

    fn with_arguments(&self, run: Starting) -> Starting {
        let redis = Server::shared(Flavour::Redis).url();
        run.arg(redis).arg(sqlite_url(self.folder.path())).arg(self.ledger.path())
    }

    async fn listening(&self, mut process: Process) -> Web {
        let line = process.line_with("listening on ", SOON).await;
        let address = line.rsplit(' ').next().expect("an address").parse().expect("an address");
        Web { process, address }
    }
}

/// The library that moves a process' clock.
fn faketime() -> String {
    let folders = read_dir("/usr/lib").expect("a folder").filter_map(Result::ok);
    let found = folders
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists());
    found.expect("libfaketime is installed, by `tests/run`").display().to_string()
}

/// A request by this strategy, whose handler pauses so long after or before its effect.
fn request(strategy: &str, key: &str, effect: &str, pause: Duration) -> Request {
    let task = format!(r#"{{"effect":"{effect}","millis":{}}}"#, pause.as_millis());
    Request::post(&format!("/{strategy}")).key(key).json(&task)
}

/// A key that no other test has asked for in the shared Redis.
fn unique(strategy: &str) -> String {
    format!("{strategy}-{:x}", rand::random::<u64>())
}

/// Sends the same request until it is no longer in flight.
async fn settled(strategy: &str, key: &str, effect: &str, web: &Web) -> Answer {
    let mut last = None;
    kit::wait_for("the lease to lapse", SOON, async || {
        let answer = request(strategy, key, effect, Duration::ZERO).send(web.address).await;
        let over = !answer.text().contains("in-flight");
        last = Some(answer);
        over
    })
    .await;
    last.expect("it was answered")
}

/// A request whose instance is killed in its handler's pause; the instance beside.
async fn killed(strategy: &str, key: &str, effect: &str, shared: &Shared) -> Web {
    let (mut dies, lives) = tokio::join!(shared.start(), shared.start());
    let sent = request(strategy, key, effect, FOR_EVER).start(dies.address).await;
    dies.process.line_with(&format!("pausing {key}"), SOON).await;
    if strategy != "tx" {
        let early = request(strategy, key, effect, Duration::ZERO).send(lives.address).await;
        assert_problem(&early, 409, "in-flight");
    }
    dies.process.kill();
    assert_eq!(sent.answer().await, None, "its client gets no answer");
    lives
}

/// Asserts that the key has an answer that ran now, and that duplicates get.
async fn assert_runs_once_more(strategy: &str, key: &str, effect: &str, web: &Web) {
    let answer = settled(strategy, key, effect, web).await;
    assert_eq!((answer.status, answer.is_replayed()), (201, false), "{strategy}");
    let again = request(strategy, key, effect, Duration::ZERO).send(web.address).await;
    assert_eq!((again.status, again.is_replayed()), (201, true), "{strategy}");
    assert_eq!(again.body, answer.body);
}

async fn rows(key: &str, web: &Web) -> String {
    Request::new("GET", &format!("/rows/{key}")).send(web.address).await.text().to_owned()
}

/// H42, C40: killed before the effect. After the lease one takes over.
#[tokio::test]
async fn a_service_killed_before_the_effect_is_taken_over_after_its_lease() {
    let shared = Shared::new();
    for strategy in ["setnx", "db"] {
        let (key, asked) = (unique(strategy), Instant::now());
        let lives = killed(strategy, &key, "last", &shared).await;
        assert_runs_once_more(strategy, &key, "last", &lives).await;
        assert!(asked.elapsed() >= LEASE);
        assert_eq!(shared.ledger.count(&key), 1, "{strategy}");
    }
    // `count` has spent its attempt: nobody knows that there was no effect.
    let key = unique("count");
    let lives = killed("count", &key, "last", &shared).await;
    assert_problem(&settled("count", &key, "last", &lives).await, 409, "exhausted");
    assert_eq!(shared.ledger.count(&key), 0);
}

/// H43, C40: killed after the effect and before its result is stored.
#[tokio::test]
async fn a_service_killed_after_the_effect_has_it_as_often_as_its_strategy_says() {
    let shared = Shared::new();
    for strategy in ["setnx", "db"] {
        let key = unique(strategy);
        let lives = killed(strategy, &key, "first", &shared).await;
        assert_runs_once_more(strategy, &key, "first", &lives).await;
        assert_eq!(shared.ledger.count(&key), 2, "{strategy}: what neither can promise");
    }
    let key = unique("count");
    let lives = killed("count", &key, "first", &shared).await;
    assert_problem(&settled("count", &key, "first", &lives).await, 409, "exhausted");
    assert_eq!(shared.ledger.count(&key), 1);
}

/// H42, H43: in the database's own transaction there is one effect, whenever the service died.
#[tokio::test]
async fn a_service_killed_in_its_transaction_has_one_effect() {
    let shared = Shared::new();
    for effect in ["first", "last"] {
        let key = unique("tx");
        let lives = killed("tx", &key, effect, &shared).await;
        assert_runs_once_more("tx", &key, effect, &lives).await;
        assert_eq!(rows(&key, &lives).await, "1", "{effect}");
    }
}

/// H44: a handler of three leases is renewed; nobody takes it over.
#[tokio::test]
async fn a_handler_that_outlives_its_lease_keeps_it() {
    let shared = Shared::new();
    let (mut runs, beside) = tokio::join!(shared.start(), shared.start());
    let key = unique("setnx");
    let first = request("setnx", &key, "last", 3 * LEASE).start(runs.address).await;
    runs.process.line_with(&format!("pausing {key}"), SOON).await;
    let replayed = settled("setnx", &key, "last", &beside).await;
    assert_eq!((replayed.status, replayed.is_replayed()), (201, true));
    assert_eq!(first.answer().await.expect("an answer").body, replayed.body);
    assert_eq!(shared.ledger.count(&key), 1);
}

/// H44: a paused owner is taken over, and overwrites nothing when it wakes.
#[tokio::test]
async fn a_service_that_is_paused_is_taken_over_and_overwrites_nothing() {
    let shared = Shared::new();
    let (mut sleeper, next) = tokio::join!(shared.start(), shared.start());
    let key = unique("setnx");
    let sent = request("setnx", &key, "first", LEASE / 2).start(sleeper.address).await;
    sleeper.process.line_with(&format!("pausing {key}"), SOON).await;
    sleeper.process.pause();
    let second = settled("setnx", &key, "first", &next).await;
    assert_eq!((second.status, second.is_replayed()), (201, false));
    sleeper.process.resume();
    let own = sent.answer().await.expect("its client is answered");
    assert_eq!((own.status, own.is_replayed()), (201, false));
    assert_ne!(own.body, second.body);
    for web in [&sleeper, &next] {
        let again = request("setnx", &key, "first", Duration::ZERO).send(web.address).await;
        assert!(again.is_replayed());
        assert_eq!(again.body, second.body);
    }
    assert_eq!(shared.ledger.count(&key), 2);
}

/// H46: clocks that are ten minutes off either way change no lease: the store's decides.
#[tokio::test]
async fn a_service_whose_clock_is_wrong_keeps_its_lease_and_waits_for_others() {
    let shared = Shared::new();
    let off = 600;
    for (owner, other) in [(off, -off), (-off, off)] {
        let (mut dies, lives) =
            tokio::join!(shared.start_off_by(owner), shared.start_off_by(other));
        // Renewed for as long as its owner lives, and replayed after that.
        let key = unique("setnx");
        let first = request("setnx", &key, "last", 2 * LEASE).start(dies.address).await;
        dies.process.line_with(&format!("pausing {key}"), SOON).await;
        let replayed = settled("setnx", &key, "last", &lives).await;
        assert_eq!((replayed.status, replayed.is_replayed()), (201, true));
        assert_eq!(first.answer().await.expect("an answer").body, replayed.body);
        assert_eq!(shared.ledger.count(&key), 1);
        // Taken over when its owner is dead, and not before its lease is over.
        let (key, asked) = (unique("setnx"), Instant::now());
        let _sent = request("setnx", &key, "last", FOR_EVER).start(dies.address).await;
        dies.process.line_with(&format!("pausing {key}"), SOON).await;
        dies.process.kill();
        assert_runs_once_more("setnx", &key, "last", &lives).await;
        assert!(asked.elapsed() >= LEASE);
        assert_eq!(shared.ledger.count(&key), 1);
    }
}
