//! What each approach does to the money.

use kit::database;
use kit::http::Request;
use serde_json::{Value, json};

use super::client::{Shop, Stores, embedded, order_of, problem, receipt, servers};

const APPROACHES: [&str; 5] = ["setnx", "count", "db", "token", "state"];

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
            let (path, body) = (format!("/{side}/{approach}"), shop.order().await);
            shop.fail_by("lost", &path, &body).await;
            let again = shop.post(&path, &body).await;
            receipt(&again);
            assert_eq!(again.is_replayed(), side == "with", "{approach}");
            assert_eq!(shop.charges(&body).await, charges, "{side} {approach}");
        }
    }
}

/// As the table of guarantees says of a crash inside the body.
async fn a_handler_that_dies(shop: &Shop) {
    let with = [("setnx", 2), ("count", 1), ("db", 1), ("token", 2), ("state", 1)];
    let mut died = Vec::new();
    for (approach, charges) in with {
        let body = shop.order().await;
        shop.fail_by("dies", &format!("/with/{approach}"), &body).await;
        died.push((approach, charges, body));
    }
    // Their leases lapse together.
    for (approach, charges, body) in died {
        let again = shop.post(&format!("/with/{approach}"), &body).await;
        if approach == "count" {
            assert_eq!((again.status, problem(&again).as_str()), (409, "exhausted"));
        } else {
            receipt(&again);
        }
        assert_eq!(shop.charges(&body).await, charges, "{approach}");
        let (path, body) = (format!("/without/{approach}"), shop.order().await);
        shop.fail_by("dies", &path, &body).await;
        receipt(&shop.post(&path, &body).await);
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
