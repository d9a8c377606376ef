//! Without scripts: a plain form, whose token the server has issued.

use kit::browser::Browser;

use crate::service::{Edge, Service, Turn, UNKNOWN, sees_receipt};

async fn plain(service: &Service) -> Browser {
    let mut browser = Browser::start().await;
    browser.set_scripts(false).await;
    browser.open(&service.url("/token")).await;
    browser
}

#[tokio::test]
async fn a_double_click_pays_once_and_shows_the_receipt() {
    let service = Service::start().await;
    let mut browser = plain(&service).await;
    service.will([Turn::Pause]);
    let button = browser.middle_of("button").await;
    browser.click_at(button, 1).await;
    service.paused().await;
    browser.click_at(button, 2).await;
    kit::wait_for("both", crate::service::SOON, async || service.seen().len() == 2).await;
    service.let_go();
    sees_receipt(&mut browser, 1).await;
    assert!(service.seen()[0].key.is_none());
    service.assert_once();
}

#[tokio::test]
async fn back_and_sent_again_shows_the_receipt_again() {
    let service = Service::start().await;
    let mut browser = plain(&service).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    browser.open(&service.url("/page/unguarded")).await;
    browser.go(-2).await;
    browser.sees("location.pathname === '/token' && document.readyState === 'complete'").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
}

/// The same page with scripts: the token of the request that is open outlives the page's.
#[tokio::test]
async fn with_scripts_the_token_outlives_a_reload() {
    let service = Service::start().await;
    let mut browser = service.shows("/token").await;
    service.behind([Edge::Loses(500)]);
    browser.click("button").await;
    browser.sees(format!("times('failed') === 1 && {UNKNOWN}")).await;
    let token = "document.querySelector('[name=token]').value";
    let first = browser.eval(token).await;
    browser.reload().await;
    browser.sees(format!("{token} !== {first} && {UNKNOWN}")).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen().len(), 2);
    service.assert_once();
}
