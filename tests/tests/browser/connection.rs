//! Connections that are lost.

use kit::proxy::Proxy;

use crate::service::{Service, Turn, UNKNOWN, sees_receipt};

#[tokio::test]
async fn without_a_connection_it_waits_and_goes_on_when_there_is_one() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    browser.set_offline(true).await;
    browser.click("button").await;
    browser.sees("times('retrying') === 1 && said().startsWith('No answer yet.')").await;
    assert_eq!(service.seen().len(), 0);
    browser.set_offline(false).await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!((service.effects(), service.seen().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again() {
    let service = Service::start().await;
    let proxy = Proxy::start(service.address()).await;
    let mut browser = service.shows("/page/pay").await;
    browser.open(&format!("http://{}/page/pay", proxy.address())).await;
    let lost = proxy.swallow_reply_to("POST /pay");
    browser.click("button").await;
    lost.landed().await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen().len(), 2);
    service.assert_once();
}

#[tokio::test]
async fn whoever_has_no_connection_for_long_is_told_and_may_send_it_again() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/impatient").await;
    browser.set_offline(true).await;
    browser.click("button").await;
    browser.sees(format!("times('failed') === 1 && {UNKNOWN}")).await;
    browser.sees("!document.querySelector('[aria-busy], [aria-disabled]')").await;
    let failed = browser.eval("told.at(-1)").await;
    assert_eq!((&failed["status"], &failed["unknown"]), (&0.into(), &true.into()));
    browser.set_offline(false).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.keys(), [format!("\"{}\"", failed["key"].as_str().expect("a key"))]);
}

/// A connection that says nothing more is given up, and the body behind it is not.
#[tokio::test]
async fn a_try_without_an_answer_is_given_up_and_made_again() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/hurried").await;
    service.will([Turn::Pause]);
    browser.click("button").await;
    service.paused().await;
    browser.sees("told.some(({ what, status }) => what === 'retrying' && status === 409)").await;
    service.let_go();
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
}
