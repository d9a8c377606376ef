//! The payments service as an outsider meets it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kit::http::Request;
use kit::process::Process;

const SOON: Duration = Duration::from_secs(20);

struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start(redis: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_payments"))
            .envs([("PORT", "0"), ("IDEM_REDIS_URL", redis)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { process, address }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn payment() -> Request {
    let post = Request::post("/payments").header("Authorization", "Bearer ada").key("\"k-1\"");
    post.json(r#"{"account":"a","amount":500}"#)
}

#[tokio::test]
async fn a_payment_is_made_once_by_two_instances_on_one_redis() {
    let redis = kit::redis::Server::start(kit::redis::Flavour::Redis);
    let services = [Service::start(&redis.url()), Service::start(&redis.url())];
    for (service, replayed) in [(0, false), (1, true), (0, true)] {
        let answer = payment().send(services[service].address).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.text(), r#"{"number":1,"account":"a","amount":500}"#);
        assert_eq!(answer.is_replayed(), replayed);
    }
    let stranger = Request::post("/payments").key("k-1").json("{}").send(services[1].address).await;
    assert_eq!(stranger.status, 401);
}

/// As an orchestrator stops it.
#[tokio::test]
async fn terminated_it_ends_well() {
    let program = Process::run(env!("CARGO_BIN_EXE_payments"));
    let mut service = program.env("PORT", "0").start();
    service.line_with("listening on ", SOON).await;
    service.terminate();
    assert_eq!(service.exit_status(SOON).await, 0);
}

#[test]
fn a_port_that_is_none_is_told() {
    let mut service = Command::new(env!("CARGO_BIN_EXE_payments"));
    let out = service.env("PORT", "http").output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(told.contains("PORT is a number"), "{told}");
}
