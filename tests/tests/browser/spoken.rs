//! What is told to people who don't see the page: the tree that a screen reader reads.

use kit::browser::Browser;
use serde_json::{Value, json};

use crate::service::{Service, Turn, sees_receipt};

/// What a screen reader is told of the element of this role.
async fn spoken(browser: &mut Browser, role: &str) -> Value {
    let tree = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array().expect("nodes");
    nodes.iter().find(|node| node["role"]["value"] == role).expect("such an element").clone()
}

/// Whether it is `disabled`, `busy` or `focused`.
fn is(node: &Value, name: &str) -> bool {
    let value = property(node, name);
    value.as_bool() == Some(true) || value.as_i64() == Some(1)
}

fn property<'a>(node: &'a Value, name: &str) -> &'a Value {
    let properties = node["properties"].as_array().expect("properties");
    let property = properties.iter().find(|property| property["name"] == name);
    property.map_or(&Value::Null, |property| &property["value"]["value"])
}

#[tokio::test]
async fn the_state_of_the_form_and_of_its_button_is_announced() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    // There before its text, and its text is read out when it changes.
    let status = spoken(&mut browser, "status").await;
    assert_eq!(property(&status, "live"), "polite");
    assert!(!is(&spoken(&mut browser, "button").await, "disabled"));

    service.will([Turn::Pause]);
    browser.eval("document.querySelector('button').focus()").await;
    browser.hold_enter("button", 0).await;
    service.paused().await;
    browser.sees("said() === 'Sending…'").await;
    let button = spoken(&mut browser, "button").await;
    assert!(is(&button, "disabled"));
    assert!(is(&button, "focused"), "nobody loses their place");
    assert!(is(&spoken(&mut browser, "form").await, "busy"));
    service.let_go();
    sees_receipt(&mut browser, 1).await;
}

/// Images send as buttons do, and stand outside of the form as fields do.
#[tokio::test]
async fn every_button_of_the_form_is_held() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/around").await;
    service.will([Turn::Pause]);
    browser.click("input[type=image]").await;
    service.paused().await;
    browser.sees("document.querySelectorAll('[aria-disabled=true]').length === 2").await;
    service.let_go();
    sees_receipt(&mut browser, 1).await;
}

#[tokio::test]
async fn a_page_has_its_own_words_and_its_own_place_for_them() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/own-words").await;
    assert_eq!(browser.eval("document.querySelectorAll('[role=status]').length").await, 1);
    service.will([Turn::Pause, Turn::Answer(402)]);
    browser.click("button").await;
    service.paused().await;
    browser
        .sees("document.querySelector('[data-idem-status]').textContent === 'Wird bezahlt'")
        .await;
    service.let_go();
    sees_receipt(&mut browser, 1).await;
    browser.open(&service.url("/page/own-words")).await;
    browser.click("button").await;
    browser.sees("document.querySelector('[data-idem-status]').textContent === 'Ging nicht'").await;
    // Whoever has put the place there keeps it.
    browser
        .eval("import('/idem.js').then(({ guard }) => guard(document.forms[0]).release())")
        .await;
    assert_eq!(browser.eval("document.querySelector('[data-idem-status]') !== null").await, true);
}
