//! Which key a form is sent under.

use crate::service::{Edge, Service, UNKNOWN, sees_receipt};

/// Sends the form once, and loses the answer by an error that is not asked about again.
async fn lose(service: &Service, browser: &mut kit::browser::Browser, times: usize) {
    service.behind([Edge::Refuses(500)]);
    browser.click("button").await;
    let lost = format!("times('failed') === {times} && !document.querySelector('[aria-busy]')");
    browser.sees(lost).await;
}

#[tokio::test]
async fn other_content_has_another_key_and_the_first_content_its_first() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    lose(&service, &mut browser, 1).await;
    browser.write("input", "6").await;
    lose(&service, &mut browser, 2).await;
    browser.write("input", "5").await;
    lose(&service, &mut browser, 3).await;
    let keys = service.keys();
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[0], keys[2]);
}

/// A field that is new with each page is not what people have asked for.
#[tokio::test]
async fn a_field_may_be_left_out_of_the_comparison() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/csrf").await;
    lose(&service, &mut browser, 1).await;
    browser.eval("document.querySelector('#csrf').value = 'another'").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    let [first, second] = service.seen().try_into().expect("two requests");
    assert_eq!(first.key, second.key);
    assert!(second.body.ends_with(b"csrf=another"), "the field itself is sent as it is");
}

/// An image is sent with the pixel that was clicked, which nobody hits twice.
#[tokio::test]
async fn an_image_has_the_same_key_wherever_it_is_clicked() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/picture").await;
    let image = "input[type=image]";
    let lost =
        |times| format!("times('failed') === {times} && !document.querySelector('[aria-busy]')");
    service.behind([500, 500, 500, 500].map(Edge::Refuses));
    browser.click(image).await;
    browser.sees(lost(1)).await;
    browser.eval(&format!("document.querySelector('{image}').width = 160")).await;
    browser.click(image).await;
    browser.sees(lost(2)).await;
    browser.hold_enter("input", 0).await;
    browser.sees(lost(3)).await;
    // A field that has the name of a coordinate is still content.
    browser.write("[name='map.x']", "2").await;
    browser.click(image).await;
    browser.sees(lost(4)).await;
    let [first, again, enter, other] = service.seen().try_into().expect("four requests");
    assert!(first.body.starts_with(b"amount=5&map.x=1&map.x="), "{first:?}");
    assert!(enter.body.ends_with(b"&map.x=0&map.y=0"), "{enter:?}");
    assert_ne!(first.body, again.body, "the pixel is sent");
    assert_eq!((&first.key, &first.key), (&again.key, &enter.key));
    assert_ne!(first.key, other.key);
}

#[tokio::test]
async fn a_field_that_stands_outside_of_its_form_is_one_of_it() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/around").await;
    lose(&service, &mut browser, 1).await;
    browser.eval("document.querySelector('#csrf').value = 'another'").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    let keys = service.keys();
    assert_eq!(keys[0], keys[1]);
}

/// `id`, `action` and `method` are common names of fields, under which a form hides its own.
#[tokio::test]
async fn fields_may_be_named_as_the_forms_own_properties() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/clobbered").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    assert_eq!(service.seen()[0].body, b"amount=5&id=7&action=8&method=9&elements=10&append=11");
}

#[tokio::test]
async fn a_key_is_quoted_random_and_kept_where_there_is_no_storage_and_no_secure_context() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/pay").await;
    let port = service.address().port();
    browser.open(&format!("http://shop.test:{port}/page/pay")).await;
    browser.sees("isSecureContext === false").await;
    let forbid =
        "void Object.defineProperty(window, 'sessionStorage', { get() { throw new Error() } })";
    browser.eval(forbid).await;
    lose(&service, &mut browser, 1).await;
    browser.sees(UNKNOWN).await;
    browser.click("button").await;
    sees_receipt(&mut browser, 1).await;
    service.assert_once();
    let key = &service.keys()[0];
    let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).expect("quotes");
    assert!(bare.len() == 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
}
