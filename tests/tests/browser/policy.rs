//! A strict Content-Security-Policy, under which all of these tests run, forbids nothing here.

use crate::service::{Edge, Service, sees_receipt};

#[tokio::test]
async fn the_policy_has_nothing_to_forbid() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    service.behind([Edge::RefusesFor(503, "1"), Edge::Refuses(500)]);
    browser.click("button").await;
    browser.sees("times('failed') === 1 && !document.querySelector('[aria-busy]')").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    let forbidden = |line: &String| line.contains("Policy") || line.contains("Trusted");
    let console = browser.console().await;
    assert!(!console.iter().any(forbidden), "{console:#?}");

    // The control: it is there, and this page's own try to get round it is written down.
    let inline = "(() => { const script = document.createElement('script');
        script.type = 'module'; script.src = 'data:text/javascript,'; document.body.append(script); })()";
    let _ = browser.devtools("Runtime.evaluate", serde_json::json!({ "expression": inline })).await;
    kit::wait_for("the policy", crate::service::SOON, async || {
        browser.console().await.iter().any(forbidden)
    })
    .await;
}
