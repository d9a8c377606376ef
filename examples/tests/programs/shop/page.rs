//! The page, as a browser gets it.

use std::collections::BTreeSet;

use kit::browser::Browser;
use kit::http::Request;
use serde_json::json;

use super::client::{Shop, embedded};

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

/// What the cards show when a button of each was pressed.
async fn each_shows(browser: &mut Browser, way: &str, shown: [&str; 6]) {
    let press = format!(
        "document.querySelectorAll('.buttons .{way}').forEach((button) => button.click()) ?? true"
    );
    browser.eval(&press).await;
    browser.sees("!document.querySelector('.card[aria-busy=true]')").await;
    for (at, shown) in shown.into_iter().enumerate().filter(|(_, shown)| !shown.is_empty()) {
        assert_eq!(charges(browser, at).await, shown, "{way}, card {at}");
    }
}

/// Without, and with.
async fn charges(browser: &mut Browser, card: usize) -> String {
    let counts = format!("document.querySelectorAll('.card:nth-child({}) .count b')", card + 1);
    let shown = format!("[...{counts}].map((count) => count.textContent).join(', ')");
    browser.eval(&shown).await.as_str().expect("text").to_owned()
}

#[tokio::test]
async fn a_person_sees_what_each_button_does_to_the_money() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    let mut browser = Browser::start().await;
    browser.open(&format!("http://{}/", shop.address)).await;
    browser.sees("document.querySelectorAll('.card').length === 6").await;

    each_shows(&mut browser, "once", ["1, 1"; 6]).await;
    each_shows(&mut browser, "double", ["2, 1"; 6]).await;
    each_shows(&mut browser, "retry", ["2, 1"; 6]).await;
    each_shows(&mut browser, "crash", ["2, 2", "2, 1", "2, 1", "2, 2", "2, 1", "2, 2"]).await;
    each_shows(&mut browser, "tamper", ["2, 1", "2, 1", "2, 1", "2, 1", "2, 1", ""]).await;
    each_shows(&mut browser, "storm", ["100, 1"; 6]).await;

    let ledger = shop.get("/ledger").await;
    let entries = browser.eval("document.querySelectorAll('#ledger li').length").await;
    assert_eq!(entries, ledger["orders"].as_array().expect("orders").len());
    let forbidden = browser.console().await;
    let forbidden: Vec<_> = forbidden.iter().filter(|line| line.contains("Policy")).collect();
    assert!(forbidden.is_empty(), "{forbidden:?}");
}

#[tokio::test]
async fn a_double_click_on_the_form_is_paid_once_by_idem_js() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    let mut browser = Browser::start().await;
    browser.open(&format!("http://{}/", shop.address)).await;
    for (side, charges) in [("with", 1), ("without", 2)] {
        let of_form = format!(".card:nth-child(6) .{side}");
        browser.sees(format!("document.querySelector('{of_form} [name=order]')?.value > ''")).await;
        browser.double_click(&format!("{of_form} .pay")).await;
        let counted = format!("document.querySelector('{of_form} .count b')?.textContent");
        browser.sees(format!("{counted} === '{charges}'")).await;
    }
}

#[tokio::test]
async fn the_page_fits_on_a_phone() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    let mut browser = Browser::start().await;
    let phone = json!({ "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true });
    browser.devtools("Emulation.setDeviceMetricsOverride", phone).await;
    browser.open(&format!("http://{}/", shop.address)).await;
    browser.sees("document.querySelectorAll('.card').length === 6").await;
    each_shows(&mut browser, "storm", ["100, 1"; 6]).await;
    assert_eq!(browser.eval("document.documentElement.scrollWidth").await, 360);
}
