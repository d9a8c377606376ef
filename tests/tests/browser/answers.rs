//! Answers, and what becomes of the key.

use crate::service::{Edge, Service, Turn, sees_receipt};

/// Once it has failed for the `n`th time, and the form can be sent again.
fn failed(times: usize) -> String {
    format!("times('failed') === {times} && !document.querySelector('[aria-busy]')")
}

#[tokio::test]
async fn a_server_error_is_told_and_sent_again_under_the_same_key() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.will([Turn::Answer(500)]);
    browser.click("button").await;
    browser.sees(failed(1)).await;
    browser.sees("said() === 'The card was declined. Ask your bank.'").await;
    browser.sees("told.at(-1).problem.title === 'The card was declined'").await;
    assert_eq!(service.seen().len(), 1, "not sent again by itself");
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_when_it_says() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.behind([Edge::RefusesFor(503, "1"), Edge::Refuses(503), Edge::RefusesFor(429, "1")]);
    browser.click("button").await;
    browser.sees("times('retrying') === 3").await;
    let told = browser.eval("told.slice(1).map(({ status, wait }) => [status, wait])").await;
    let told: Vec<(u16, f64)> = serde_json::from_value(told).expect("numbers");
    assert_eq!(told.iter().map(|told| told.0).collect::<Vec<_>>(), [503, 503, 429]);
    assert!(told[0].1 >= 1.0 && told[2].1 >= 1.0, "{told:?}");
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen().len(), 4);
    service.assert_once();
}

/// 502 and 504 by a proxy, after the service has paid.
#[tokio::test]
async fn what_a_proxy_has_lost_is_asked_for_again() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.behind([Edge::Loses(502), Edge::Loses(504)]);
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen().len(), 3);
    service.assert_once();
}

#[tokio::test]
async fn a_request_in_flight_is_asked_for_until_it_is_answered() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.will([Turn::Pause]);
    browser.click("button").await;
    service.paused().await;
    browser.reload().await;
    browser.sees(crate::service::UNKNOWN).await;
    browser.click("button").await;
    browser.sees("times('retrying') >= 1").await;
    let told = browser.eval("told.find(({ what }) => what === 'retrying')").await;
    assert_eq!(told["status"], 409);
    assert!(told["wait"].as_f64() >= Some(1.0), "{told}");
    service.let_go();
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
}

/// It was done, and nobody has its result. Under another key it would be done again.
#[tokio::test]
async fn a_409_that_will_never_change_is_told_and_its_key_is_kept() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/once").await;
    service.behind([Edge::Loses(502)]);
    for times in 1..=3 {
        browser.click("button").await;
        browser.sees(failed(times)).await;
    }
    let told = browser.eval("told.at(-1)").await;
    assert_eq!(told["problem"]["type"], "urn:idem:problem:duplicate");
    assert_eq!((&told["status"], &told["unknown"]), (&409.into(), &true.into()));
    browser.sees("said().startsWith('The request was processed before.')").await;
    assert_eq!(service.seen().len(), 4);
    service.assert_once();
}

/// A refusal is stored: under the same key it would come again for a day.
#[tokio::test]
async fn after_a_refusal_the_same_content_is_another_request() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.will([Turn::Answer(402)]);
    browser.click("button").await;
    browser.sees(failed(1)).await;
    browser.sees("told.at(-1).unknown === false").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_ne!(service.keys()[0], service.keys()[1]);
}

/// Whoever refuses the second try does not know what became of the first.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_ends_nothing() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.behind([Edge::Loses(502), Edge::Refuses(401)]);
    browser.click("button").await;
    browser.sees(failed(1)).await;
    browser.sees("told.at(-1).status === 401 && told.at(-1).unknown === true").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen().len(), 3);
    service.assert_once();
}

/// But a refusal that is the first try's own answer does.
#[tokio::test]
async fn a_refusal_that_was_lost_and_is_replayed_ends_the_key() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.will([Turn::Answer(402)]);
    service.behind([Edge::Loses(502)]);
    browser.click("button").await;
    browser.sees(failed(1)).await;
    browser.sees("told.at(-1).replayed === true && told.at(-1).unknown === false").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    let keys = service.keys();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}
