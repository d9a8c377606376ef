//! The shop's process, and who sends it requests.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kit::http::{Answer, Request};
use kit::redis::Flavour;
use kit::{database, redis};
use serde_json::{Value, json};

pub(crate) struct Shop {
    process: Child,
    pub(crate) address: SocketAddr,
}

/// Where it keeps its records, as the environment says.
pub(crate) type Stores = Vec<(&'static str, String)>;

pub(crate) fn embedded() -> Stores {
    Vec::new()
}

/// A Redis, and a database of this kind.
pub(crate) fn servers(kind: database::Kind) -> Stores {
    vec![
        ("IDEM_REDIS_URL", redis::Server::shared(Flavour::Redis).url()),
        ("IDEM_DATABASE_URL", database::Server::shared(kind).url()),
    ]
}

impl Shop {
    pub(crate) fn open(folder: &Path, stores: &Stores) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_shop"))
            .arg("--folder")
            .arg(folder)
            .env("PORT", "0")
            .envs(stores.iter().map(|(name, url)| (name, url)))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example runs");
        let mut line = String::new();
        let out = process.stdout.as_mut().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("the shop is open at http://");
        let address = address.and_then(|address| address.strip_suffix('/')).expect("its address");
        Self { address: address.parse().expect("an address"), process }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = Request::new("GET", path).send(self.address).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_str(answer.text()).expect("JSON")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Request::post(path).json(&body.to_string()).send(self.address).await
    }

    /// Opens an order; what is sent to pay for it.
    pub(crate) async fn order(&self) -> Value {
        let answer = self.post("/orders", &Value::Null).await;
        let opened: Value = serde_json::from_str(answer.text()).expect("JSON");
        let (order, token) = (&opened["order"], &opened["token"]);
        json!({ "order": order, "token": token, "cents": 4900, "id": "callback-1" })
    }

    /// How often an order was charged.
    pub(crate) async fn charges(&self, body: &Value) -> u64 {
        let done = self.get(&format!("/orders/{}", order_of(body))).await;
        done["effects"].as_u64().expect("a number")
    }

    /// Pays for an order, and gets no receipt because of this trouble.
    pub(crate) async fn fail_by(&self, trouble: &str, path: &str, body: &Value) {
        let failed = self.post(&format!("{path}?{trouble}={}", order_of(body)), body).await;
        let status = if trouble == "dies" { 502 } else { 504 };
        assert_eq!(failed.status, status, "{path}: {}", failed.text());
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it runs");
    }
}

pub(crate) fn order_of(body: &Value) -> &str {
    body["order"].as_str().expect("an order")
}

pub(crate) fn receipt(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text());
    serde_json::from_str::<Value>(answer.text()).expect("JSON")["number"].clone()
}

/// The last part of a problem's type.
pub(crate) fn problem(answer: &Answer) -> String {
    let problem: Value = serde_json::from_str(answer.text()).expect("a problem document");
    let kind = problem["type"].as_str().expect("a type");
    kind.rsplit(':').next().expect("a part").to_owned()
}
