//! One person, two tabs.

use serde_json::json;

use crate::service::{Service, Turn, sees_receipt};

/// Who opens the form twice has two forms.
#[tokio::test]
async fn two_tabs_that_were_opened_have_two_keys() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let first = browser.tab().await;
    browser.new_tab().await;
    browser.open(&service.url("/page/pay")).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    browser.turn_to(&first).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 2).await;
    assert_ne!(service.keys()[0], service.keys()[1]);
}

/// A duplicated tab has the same form, with its key: it pays once, and both see the receipt.
#[tokio::test]
async fn a_tab_and_its_duplicate_have_one_key() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let first = browser.tab().await;
    // What a browser does to duplicate a tab, storage and all; only people can ask for that.
    let duplicate = json!({ "expression": "void window.open(location)", "userGesture": true });
    browser.devtools("Runtime.evaluate", duplicate).await;
    kit::wait_for("the tab", crate::service::SOON, async || browser.tabs().await.len() == 2).await;
    let second = browser.tabs().await.into_iter().find(|tab| *tab != first).expect("two tabs");

    browser.turn_to(&first).await;
    service.will([Turn::Pause]);
    browser.click("button").await;
    service.paused().await;
    browser.turn_to(&second).await;
    browser.sees("document.querySelector('[role=status]') !== null").await;
    browser.click("button").await;
    browser.sees("times('retrying') >= 1").await;
    service.let_go();
    for tab in [first, second] {
        browser.turn_to(&tab).await;
        sees_receipt(&mut browser, 1).await;
    }
    service.assert_once();
}
