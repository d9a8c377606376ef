//! Pages that are left while they send, and come back.

use crate::service::{Service, Turn, UNKNOWN, sees_receipt};

#[tokio::test]
async fn a_reload_while_it_is_sent_keeps_the_key() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    browser.write("input", "7").await;
    service.will([Turn::Pause]);
    browser.click("button").await;
    service.paused().await;
    browser.reload().await;
    browser.sees(UNKNOWN).await;
    service.let_go();
    browser.write("input", "7").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
}

/// Also where the page does not come from the server again, but as it was left.
#[tokio::test]
async fn going_back_while_it_is_sent_and_forward_again_keeps_the_key() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/quick").await;
    browser.open(&service.url("/page/pay")).await;
    service.will([Turn::Pause]);
    browser.click("button").await;
    service.paused().await;
    browser.go(-1).await;
    browser.sees("location.pathname === '/page/quick' && document.readyState === 'complete'").await;
    browser.go(1).await;
    browser.sees(format!("location.pathname === '/page/pay' && {UNKNOWN}")).await;
    service.let_go();
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
}

#[tokio::test]
async fn back_from_the_receipt_the_form_is_another_request() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    // To look at the receipt again asks for it again, and pays nothing.
    browser.reload().await;
    sees_receipt(&mut browser, 1).await;
    browser.go(-1).await;
    browser
        .sees(
            "location.pathname === '/page/pay' && said() === '' \
             && !document.querySelector('[aria-busy], [aria-disabled]')",
        )
        .await;
    assert_eq!(service.effects(), 1);
    browser.click("button").await;
    sees_receipt(&mut browser, 2).await;
    let keys = service.keys();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}
