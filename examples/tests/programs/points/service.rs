//! Instances of the service, and what clients ask of them.

use std::net::SocketAddr;
use std::time::Duration;

use kit::http::{Answer, Request};
use kit::nginx;
use kit::process::Process;
use kit::redis::{Flavour, Server};
use kit::wait_for;

/// For what comes in a moment unless something is broken.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// One instance, gone when this value is.
pub(crate) struct Instance {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Instance {
    /// One that shares its Redis with every other of this process: tests have accounts and users of their own.
    pub(crate) async fn on_redis() -> Self {
        Self::on(&redis().url()).await
    }

    /// One with all in its memory.
    pub(crate) async fn alone() -> Self {
        Self::on("").await
    }

    /// One on a Redis of the test's own.
    pub(crate) async fn on(redis: &str) -> Self {
        let program = Process::run(env!("CARGO_BIN_EXE_points"));
        let mut process = program.env("PORT", "0").env("IDEM_REDIS_URL", redis).start();
        let line = process.line_with("listening on ", SOON).await;
        let address = line.trim_start_matches("listening on ").parse().expect("an address");
        Self { process, address }
    }
}

pub(crate) fn redis() -> &'static Server {
    Server::shared(Flavour::Redis)
}

pub(crate) async fn two_instances() -> [Instance; 2] {
    [Instance::on_redis().await, Instance::on_redis().await]
}

/// Nginx before them, as a reader of the example has it.
pub(crate) fn nginx_of_the_example(instances: &[Instance; 2]) -> nginx::Server {
    let [one, other] = instances;
    nginx::Server::configured(|listen| {
        let mut text = include_str!("../../../src/bin/points/nginx.conf").to_owned();
        // With what stands around it: a port may begin like another.
        for (before, written, here, after) in [
            ("listen ", "127.0.0.1:8080", listen, ";"),
            ("server ", "127.0.0.1:3001", one.address, " "),
            ("server ", "127.0.0.1:3002", other.address, " "),
        ] {
            let written = format!("{before}{written}{after}");
            assert!(text.contains(&written), "{written}");
            text = text.replace(&written, &format!("{before}{here}{after}"));
        }
        text
    })
}

/// Nginx before them, with what it does unless told otherwise, and these directives.
pub(crate) fn nginx_with(instances: &[Instance; 2], directives: &str) -> nginx::Server {
    nginx::Server::before(&instances.each_ref().map(|instance| instance.address), directives)
}

/// How many instances Nginx has sent the request to.
pub(crate) fn instances_asked(answer: &Answer) -> usize {
    answer.header("x-instances").expect("Nginx says whom it asked").split(", ").count()
}

/// Ten points for an account, by a handler that takes so long.
pub(crate) fn ten(account: &str, delay_ms: u16, effect: &str) -> String {
    format!(r#"{{"account":"{account}","points":10,"delay_ms":{delay_ms},"effect":"{effect}"}}"#)
}

/// A request of a user with the name of the account: tests that share a Redis share no names.
pub(crate) fn asks(method: &str, path: &str, user: &str) -> Request {
    Request::new(method, path).header("Authorization", format!("Bearer {user}"))
}

/// A credit with the key `k-1`.
pub(crate) fn credit(user: &str, body: &str) -> Request {
    asks("POST", "/credit", user).key("k-1").json(body)
}

/// What an account has.
pub(crate) async fn balance(server: SocketAddr, account: &str) -> u64 {
    let answer = Request::new("GET", &format!("/balance/{account}")).send(server).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    json(&answer)["balance"].as_u64().expect("a number")
}

pub(crate) fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// As a client does: the same bytes with the same key, until there is an answer that is final.
pub(crate) async fn until_answered(request: &Request, server: SocketAddr) -> Answer {
    let mut last = None;
    wait_for("a final answer", SOON, async || {
        let answer = request.clone().send(server).await;
        let is_final = !matches!(answer.status, 409 | 502 | 504);
        last = Some(answer);
        is_final
    })
    .await;
    last.expect("asked once at least")
}

/// Waits until a user's `k-1` is claimed, by a look behind the service's back.
pub(crate) async fn claimed(user: &str) {
    let mut client = redis().client().await;
    let record = format!("idem:credit:{user}:k-1");
    wait_for(&format!("the claim of {user}"), SOON, async || {
        client.run::<bool>(&["EXISTS", &record]).await
    })
    .await;
}

/// Asserts that an answer is this problem of the library's.
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, status: u16, name: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(json(answer)["type"], format!("urn:idem:problem:{name}"));
    assert_eq!(answer.header("retry-after").is_some(), name == "in-flight");
}
