//! The shop as its page and an outsider meet it: what each approach does to the money.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kit::http::{Answer, Request};
use kit::redis::Flavour;
use kit::{database, redis};
use serde_json::{Value, json};

const APPROACHES: [&str; 5] = ["setnx", "count", "db", "token", "state"];

struct Shop {
    process: Child,
    address: SocketAddr,
}

/// Where it keeps its records, as the environment says.
type Stores = Vec<(&'static str, String)>;

fn embedded() -> Stores {
    Vec::new()
}

/// A Redis, and a database of this kind.
fn servers(kind: database::Kind) -> Stores {
    vec![
        ("IDEM_REDIS_URL", redis::Server::shared(Flavour::Redis).url()),
        ("IDEM_DATABASE_URL", database::Server::shared(kind).url()),
    ]
}

impl Shop {
    fn open(folder: &Path, stores: &Stores) -> Self {
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

    async fn get(&self, path: &str) -> Value {
        let answer = Request::new("GET", path).send(self.address).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_str(answer.text()).expect("JSON")
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        Request::post(path).json(&body.to_string()).send(self.address).await
    }

    /// Opens an order; what is sent to pay for it.
    async fn order(&self) -> Value {
        let answer = self.post("/orders", &Value::Null).await;
        let opened: Value = serde_json::from_str(answer.text()).expect("JSON");
        let (order, token) = (&opened["order"], &opened["token"]);
        json!({ "order": order, "token": token, "cents": 4900, "id": "callback-1" })
    }

    /// How often an order was charged.
    async fn charges(&self, body: &Value) -> u64 {
        let done = self.get(&format!("/orders/{}", order_of(body))).await;
        done["effects"].as_u64().expect("a number")
    }

    /// Pays an order twice, the first time with this trouble; what the second is told.
    async fn again_after(&self, trouble: &str, path: &str, body: &Value) -> Answer {
        let first = self.post(&format!("{path}?{trouble}={}", order_of(body)), body).await;
        assert!(matches!(first.status, 502 | 504), "{path}: {first:?}");
        self.post(path, body).await
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it runs");
    }
}

fn order_of(body: &Value) -> &str {
    body["order"].as_str().expect("an order")
}

fn receipt(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text());
    serde_json::from_str::<Value>(answer.text()).expect("JSON")["number"].clone()
}

/// The last part of a problem's type.
fn problem(answer: &Answer) -> String {
    let problem: Value = serde_json::from_str(answer.text()).expect("a problem document");
    let kind = problem["type"].as_str().expect("a type");
    kind.rsplit(':').next().expect("a part").to_owned()
}

async fn a_hundred_at_once(shop: &Shop) {
    for approach in APPROACHES {
        for (side, charges) in [("without", 100), ("with", 1)] {
            let body = shop.order().await;
            let answers = shop.post(&format!("/storm/{side}/{approach}"), &body).await;
            let answers: Vec<Value> = serde_json::from_str(answers.text()).expect("answers");
            assert_eq!(answers.len(), 100);
            assert_eq!(shop.charges(&body).await, charges, "{side} {approach}: {answers:?}");
            let first = &answers[0]["body"]["number"];
            let same = answers.iter().filter(|answer| &answer["body"]["number"] == first).count();
            assert_eq!(same, if side == "with" { 100 } else { 1 }, "{side} {approach}");
        }
    }
}

async fn an_answer_that_is_lost(shop: &Shop) {
    for approach in APPROACHES {
        for (side, charges) in [("without", 2), ("with", 1)] {
            let body = shop.order().await;
            let again = shop.again_after("lost", &format!("/{side}/{approach}"), &body).await;
            receipt(&again);
            assert_eq!(again.is_replayed(), side == "with", "{approach}");
            assert_eq!(shop.charges(&body).await, charges, "{side} {approach}");
        }
    }
}

/// As the table of guarantees says of a crash inside the body.
async fn a_handler_that_dies(shop: &Shop) {
    let with = [("setnx", 2), ("count", 1), ("db", 1), ("token", 2), ("state", 1)];
    for (approach, charges) in with {
        let body = shop.order().await;
        let again = shop.again_after("dies", &format!("/with/{approach}"), &body).await;
        if approach == "count" {
            assert_eq!((again.status, problem(&again).as_str()), (409, "exhausted"));
        } else {
            receipt(&again);
        }
        assert_eq!(shop.charges(&body).await, charges, "{approach}");
        let body = shop.order().await;
        receipt(&shop.again_after("dies", &format!("/without/{approach}"), &body).await);
        assert_eq!(shop.charges(&body).await, 2, "without {approach}");
    }
}

/// What comes under a known key, and is not the same.
async fn a_request_that_was_changed(shop: &Shop) {
    for approach in APPROACHES {
        let path = format!("/with/{approach}");
        let body = shop.order().await;
        let first = receipt(&shop.post(&path, &body).await);
        let mut other = body.clone();
        other["cents"] = json!(9800);
        let refused = shop.post(&path, &other).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (422, "mismatch"), "{approach}");
        assert_eq!(receipt(&shop.post(&path, &body).await), first);
        assert_eq!(shop.charges(&body).await, 1, "{approach}");
    }

    let (body, strange) = (shop.order().await, shop.order().await);
    for token in [strange["token"].clone(), json!("eyJhbGciOiJub25lIn0.e30."), json!("")] {
        let mut forged = body.clone();
        forged["token"] = token;
        let refused = shop.post("/with/token", &forged).await;
        assert_eq!((refused.status, problem(&refused).as_str()), (403, "invalid-token"));
    }
    assert_eq!(shop.charges(&body).await, 0);

    let body = shop.order().await;
    receipt(&shop.post("/with/state", &body).await);
    let mut other = body.clone();
    other["id"] = json!("callback-2");
    let refused = shop.post("/with/state", &other).await;
    assert_eq!((refused.status, problem(&refused).as_str()), (409, "illegal-transition"));
    assert_eq!(shop.charges(&body).await, 1);
}

async fn all_of_it(stores: &Stores) {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), stores);
    a_hundred_at_once(&shop).await;
    an_answer_that_is_lost(&shop).await;
    a_handler_that_dies(&shop).await;
    a_request_that_was_changed(&shop).await;
}

#[tokio::test]
async fn each_approach_keeps_its_promise_without_a_server() {
    all_of_it(&embedded()).await;
}

#[tokio::test]
async fn each_approach_keeps_its_promise_on_redis_and_postgres() {
    all_of_it(&servers(database::Kind::Postgres)).await;
}

#[tokio::test]
async fn each_approach_keeps_its_promise_on_redis_and_mariadb() {
    all_of_it(&servers(database::Kind::MariaDb)).await;
}

/// What is remembered when the shop was killed and opened again.
async fn survives(approaches: &[&str], mut stores: Stores) {
    stores.push(("IDEM_TOKEN_SECRET", "the same for all who open this shop".to_owned()));
    let folder = tempfile::tempdir().expect("a folder");
    let mut paid = Vec::new();
    let shop = Shop::open(folder.path(), &stores);
    for approach in approaches {
        let (path, body) = (format!("/with/{approach}"), shop.order().await);
        let first = receipt(&shop.post(&path, &body).await);
        paid.push((path, body, first));
    }
    drop(shop);
    let shop = Shop::open(folder.path(), &stores);
    for (path, body, first) in paid {
        let again = shop.post(&path, &body).await;
        assert_eq!((receipt(&again), again.is_replayed()), (first, true), "{path}");
        assert_eq!(shop.charges(&body).await, 1, "{path}");
    }
}

#[tokio::test]
async fn a_shop_that_is_opened_again_remembers_what_was_paid() {
    survives(&["db", "state"], embedded()).await;
    survives(&APPROACHES, servers(database::Kind::Postgres)).await;
}

#[tokio::test]
async fn a_form_is_paid_once_under_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    let body = shop.order().await;
    let form = format!("order={}&cents=4900", order_of(&body));
    let form = Request::post("/with/front").key("\"k-1\"").form(&form);
    let first = form.clone().send(shop.address).await;
    let again = form.send(shop.address).await;
    assert_eq!((receipt(&again), again.is_replayed()), (receipt(&first), true));
    assert_eq!(shop.charges(&body).await, 1);
}

/// The paths that a text has after `before`, up to the quote.
fn paths_after(text: &str, before: &str) -> impl Iterator<Item = String> {
    let rests = text.split(before).skip(1).filter_map(|rest| rest.split('"').next());
    rests.map(str::to_owned)
}

#[tokio::test]
async fn the_page_has_all_that_it_asks_for_and_runs_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    let mut paths = vec!["/".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = Request::new("GET", &path).send(shop.address).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        if path == "/" {
            let policy = answer.header("content-security-policy").expect("a policy");
            assert!(policy.contains("default-src 'none'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
        }
        for before in [" src=\"", " href=\"", " from \""] {
            paths.extend(paths_after(answer.text(), before));
        }
    }
    assert!(seen.contains("/idem.js") && seen.contains("/till.js"), "{seen:?}");

    let attributes = shop.get("/about").await["attributes"].take();
    for (approach, attribute) in attributes.as_object().expect("attributes") {
        let attribute = attribute.as_str().expect("text");
        assert!(attribute.starts_with("#[idempotent(\n    key = "), "{attribute}");
        assert!(attribute.contains(approach) && attribute.ends_with("\n)]"), "{attribute}");
    }
}

#[tokio::test]
async fn the_ledger_tells_what_was_moved_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    for side in ["with", "without"] {
        let (elsewhere, here) = (shop.order().await, shop.order().await);
        for _ in 0..3 {
            receipt(&shop.post(&format!("/{side}/setnx"), &elsewhere).await);
            receipt(&shop.post(&format!("/{side}/db"), &here).await);
        }
    }
    let ledger = shop.get("/ledger").await;
    assert_eq!(ledger["with"], json!({ "cents": 2 * 4900, "again": 0 }));
    assert_eq!(ledger["without"], json!({ "cents": 6 * 4900, "again": 4 * 4900 }));
    let orders = ledger["orders"].as_array().expect("orders");
    let effects: Vec<_> = orders.iter().map(|order| &order["effects"]).collect();
    assert_eq!(effects, [3, 3, 1, 1], "{orders:?}");
    let seen = format!("/ledger?seen={}", ledger["seen"]);
    assert_eq!(Request::new("GET", &seen).send(shop.address).await.status, 204);
}
