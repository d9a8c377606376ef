//! Which forms are guarded, and what their page hears of it.

use crate::service::{Service, sees_receipt};

const CLONE: &str = "
    const form = document.forms[0].cloneNode(true);
    form.querySelector('[role=status]').remove();
    form.id = 'later';
    document.body.append(form);
";

#[tokio::test]
async fn a_form_that_comes_later_is_guarded() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    browser.eval(&format!("(() => {{ {CLONE} }})()")).await;
    browser.sees("document.querySelector('#later [role=status]') !== null").await;
    browser.click("#later button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.keys().len(), 1);
}

#[tokio::test]
async fn a_form_is_guarded_by_hand_and_let_go() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let guard = "import('/idem.js').then(({ guard }) => {
        const form = document.forms[0];
        const release = () => guard(form, { header: 'X-Key' }).release();
        release();
        const isPlain = !form.querySelector('[role=status]') && !form.hasAttribute('data-idem');
        guard(form, { header: 'Idempotency-Key' });
        return isPlain && form.querySelector('[role=status]') !== null;
    })";
    assert_eq!(browser.eval(guard).await, true);
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert!(service.seen()[0].key.is_some());

    browser.open(&service.url("/page/pay")).await;
    browser.sees("document.querySelector('[role=status]') !== null").await;
    browser
        .eval("import('/idem.js').then(({ guard }) => guard(document.forms[0]).release())")
        .await;
    browser.click("button").await;
    kit::wait_for("a plain form's request", crate::service::SOON, async || {
        service.seen().last().is_some_and(|request| request.key.is_none())
    })
    .await;
}

#[tokio::test]
async fn the_page_hears_each_step_and_may_show_the_result_itself() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let show = "document.forms[0].addEventListener('idem:answered', async (event) => {
        event.preventDefault();
        document.title = (await event.detail.response.text()).match(/Receipt \\d/)[0];
    })";
    browser.eval(show).await;
    browser.click("button").await;
    browser.sees("document.title === 'Receipt 1' && location.pathname === '/page/pay'").await;
    let told = browser.eval("told").await;
    let key = service.keys()[0].trim_matches('"').to_owned();
    assert_eq!(told[0], serde_json::json!({ "what": "sending", "key": key }));
    assert_eq!(told[1]["what"], "answered");
    assert_eq!((&told[1]["status"], &told[1]["key"]), (&200.into(), &key.into()));
}

/// A page's own check, and the browser's, come before anything is sent.
#[tokio::test]
async fn what_a_check_refuses_is_not_sent() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    browser.eval("document.querySelector('input').required = true").await;
    browser.write("input", "").await;
    browser.click("button").await;
    browser.write("input", "5").await;
    let refuse = "document.addEventListener('submit', (event) => {
        event.preventDefault();
        window.refused = true;
    }, { capture: true, once: true })";
    browser.eval(refuse).await;
    browser.click("button").await;
    browser.sees("window.refused === true").await;
    browser.sees("told.length === 0 && !document.querySelector('[aria-busy]')").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen().len(), 1);
}
