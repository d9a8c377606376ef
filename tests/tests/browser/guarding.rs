//! Which forms are guarded, and what their page hears of it.

use kit::browser::Browser;

use crate::service::{Edge, Service, sees_receipt};

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
async fn a_browser_that_is_too_old_keeps_its_plain_form() {
    let service = Service::start().await;
    // A page of this site's with no script in it.
    let mut browser = Browser::start().await;
    browser.open(&service.url("/events.js")).await;
    let old = |any: &str| {
        format!(
            "(() => {{
                {any}
                document.body.innerHTML = '<form method=post action=/pay data-idem></form>';
                return import('/idem.js').then(() => document.forms[0].childElementCount);
            }})()"
        )
    };
    assert_eq!(browser.eval(&old("delete AbortSignal.any")).await, 0);
    browser.open(&service.url("/events.js")).await;
    assert_eq!(browser.eval(&old("")).await, 1);
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

/// A page that asks whether people mean it may do so after `idem.js` was loaded, and for all its
/// forms at once.
#[tokio::test]
async fn a_check_that_comes_later_comes_before_anything_is_sent() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    for (number, place) in ["document.forms[0]", "document", "window"].into_iter().enumerate() {
        let refuse = format!(
            "void {place}.addEventListener('submit', (event) => {{
                event.preventDefault();
                window.refused = {number};
            }}, {{ once: true }})"
        );
        browser.eval(&refuse).await;
        browser.click("button").await;
        let is_free = "!document.querySelector('[aria-busy], [aria-disabled]')";
        browser.sees(format!("window.refused === {number} && {is_free}")).await;
    }
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!((service.effects(), service.seen().len()), (1, 1));
}

/// Where a listener lets nothing through to those further up, the form is still guarded.
#[tokio::test]
async fn a_submit_that_is_stopped_on_its_way_up_is_sent_under_a_key() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let stop = "for (const place of [document.forms[0], document.body]) {
        place.addEventListener('submit', (event) => event.stopPropagation());
    }";
    browser.eval(stop).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.keys().len(), 1);
}

/// What can't be sent by HTTP is left to the browser.
#[tokio::test]
async fn a_form_with_no_address_leaves_the_others_guarded() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let forms = "for (const action of ['http://[', 'javascript:void 0', '/pay']) {
        const form = document.createElement('form');
        form.setAttribute('action', action);
        form.method = 'post';
        form.dataset.idem = '';
        form.append(document.createElement('button'));
        document.body.append(form);
    }";
    browser.eval(forms).await;
    browser.sees("document.querySelectorAll('[role=status]').length === 4").await;
    browser.eval("document.forms[3].requestSubmit()").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.keys().len(), 1);
}

#[tokio::test]
async fn a_form_in_a_shadow_tree_is_guarded_by_hand() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let hide = "import('/idem.js').then(({ guard }) => {
        const form = document.forms[0];
        form.id = 'hidden';
        guard(form).release();
        const host = document.createElement('section');
        document.body.append(host);
        host.attachShadow({ mode: 'open' }).append(form);
        guard(form);
        form.addEventListener('submit', (event) => {
            event.preventDefault();
            window.refused = true;
        }, { once: true });
        form.requestSubmit();
        form.querySelector('button').click();
        form.requestSubmit(form.querySelector('button'));
    })";
    browser.eval(hide).await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!((service.effects(), service.keys().len()), (1, 1));
}

/// An attribute that says no time is as none.
#[tokio::test]
async fn a_time_that_is_none_is_left_out() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/wrong").await;
    service.behind([Edge::Refuses(502)]);
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
}
