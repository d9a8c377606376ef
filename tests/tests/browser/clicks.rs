//! Hands that are too fast.

use crate::service::{Edge, SOON, Service, Turn, sees_receipt};

#[tokio::test]
async fn a_double_click_pays_once() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.will([Turn::Pause]);
    browser.double_click("button").await;
    service.paused().await;
    service.let_go();
    sees_receipt(&mut browser, 1).await;
    assert_eq!((service.effects(), service.seen().len()), (1, 1));
}

/// The answer may be there, and the form free again, before a slow hand's second click.
#[tokio::test]
async fn a_double_click_that_is_answered_between_its_clicks_pays_once() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/quick").await;
    let is_free =
        "times('answered') === 1 && !document.querySelector('[aria-disabled], [aria-busy]')";
    browser.click("button").await;
    browser.sees(is_free).await;
    browser.click_again("button", 2).await;
    // A click of its own pays again: had the one before it, this would be the third payment.
    browser.click("button").await;
    browser.sees("times('answered') === 2").await;
    assert_eq!(service.effects(), 2);
    assert_ne!(service.keys()[0], service.keys()[1]);
}

#[tokio::test]
async fn enter_held_down_pays_once() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/quick").await;
    let is_free = "times('answered') === 1 && !document.querySelector('[aria-busy]')";
    for (place, payments) in [("input", 1), ("button", 2)] {
        browser.open(&service.url("/page/quick")).await;
        browser.hold_enter(place, 40).await;
        browser.sees(is_free).await;
        assert_eq!(service.effects(), payments, "{place}");
    }
    browser.open(&service.url("/page/pay")).await;
    browser.hold_enter("input", 40).await;
    sees_receipt(&mut browser, 3).await;
    assert_eq!(service.seen().len(), 3);
}

#[tokio::test]
async fn scripts_that_submit_twice_pay_once() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let twice = "const form = document.forms[0]; form.requestSubmit(); form.requestSubmit();
                 form.querySelector('button').click();";
    browser.eval(&format!("(() => {{ {twice} }})()")).await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!((service.effects(), service.seen().len()), (1, 1));
}

/// The control: it is `idem.js` that holds the second click.
#[tokio::test]
async fn without_idem_js_a_double_click_is_sent_twice() {
    let service = Service::start().await;
    let mut browser = kit::browser::Browser::start().await;
    browser.open(&service.url("/page/unguarded")).await;
    service.behind([Edge::Keeps]);
    let button = browser.middle_of("button").await;
    browser.click_at(button, 1).await;
    service.paused().await;
    browser.click_at(button, 2).await;
    kit::wait_for("both", SOON, async || service.seen().len() == 2).await;
    service.let_go();
}
