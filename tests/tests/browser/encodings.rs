//! What is sent: what the form would have sent by itself.

use std::io::Write as _;

use crate::service::{Edge, Seen, Service, sees_receipt};

/// Sends a page's form by one of its buttons, until the receipt of `/echo` is there.
async fn sent(service: &Service, page: &str, button: &str) -> Seen {
    let mut browser = kit::browser::Browser::start().await;
    browser.open(&service.url(page)).await;
    browser.click(button).await;
    sees_receipt(&mut browser, 0).await;
    service.seen().pop().expect("a request")
}

#[tokio::test]
async fn a_form_is_encoded_as_the_browser_does_it() {
    let service = Service::start().await;
    for button in ["[value=card]", "[value=bank]", "#elsewhere"] {
        let plain = sent(&service, "/page/odd", button).await;
        let guarded = sent(&service, "/page/odd-guarded", button).await;
        assert_eq!((&guarded.path, text(&guarded)), (&plain.path, text(&plain)), "{button}");
        assert!(guarded.content_type.starts_with(&plain.content_type), "{guarded:?}");
        assert!(guarded.key.is_some() && plain.key.is_none());
    }
}

#[tokio::test]
async fn an_odd_form_is_encoded_as_the_browser_does_it() {
    let service = Service::start().await;
    let buttons =
        ["#picture", "#nameless", "#unnamed", "#valued", "#here", "#lines", "#unknown", "#outside"];
    for button in buttons {
        let plain = sent(&service, "/page/odder", button).await;
        let guarded = sent(&service, "/page/odder-guarded", button).await;
        assert_eq!(guarded.path.replace("-guarded", ""), plain.path, "{button}");
        assert_eq!(text(&guarded), text(&plain), "{button}");
        assert!(guarded.content_type.starts_with(&plain.content_type), "{guarded:?}");
    }
    // But for the boundary.
    let plain = sent(&service, "/page/odder", "#parts").await;
    let guarded = sent(&service, "/page/odder-guarded", "#parts").await;
    let parts = |request: &Seen| {
        let (_, boundary) = request.content_type.split_once("boundary=").expect("a boundary");
        text(request).replace(boundary, "")
    };
    assert_eq!(parts(&guarded), parts(&plain));
}

/// A button may make another kind of request of it, which has no effect to guard.
#[tokio::test]
async fn a_get_is_left_to_the_browser() {
    let service = Service::start().await;
    let mut browser = service.shows("/page/odd-guarded").await;
    browser.click("#draft").await;
    sees_receipt(&mut browser, 0).await;
    assert_eq!(service.seen(), []);
}

#[tokio::test]
async fn json_has_numbers_texts_and_lists() {
    let service = Service::start().await;
    let request = sent(&service, "/page/odd-json", "[value=card]").await;
    assert_eq!(request.content_type, "application/json");
    let sent: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
    let expected = serde_json::json!({
        "amount": 5, "of": "a & b = ü+ %41", "lines": "one\ntwo", "each": ["x", "y"],
        "is": "on", "empty": "", "by": "card",
    });
    assert_eq!(sent, expected);
}

/// Encoded anew, it would have another boundary.
#[tokio::test]
async fn a_file_is_sent_again_in_the_same_bytes() {
    let service = Service::start().await;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"Bill\n\0\xff").expect("written");
    let mut browser = service.shows("/page/parts").await;
    browser.choose_file("[type=file]", file.path()).await;
    service.behind([Edge::Refuses(502), Edge::Refuses(500)]);
    browser.click("button").await;
    browser.sees("times('failed') === 1 && !document.querySelector('[aria-busy]')").await;
    let [first, second] = service.seen().try_into().expect("two requests");
    assert_eq!(first, second);
    assert!(first.content_type.starts_with("multipart/form-data; boundary="));
    assert!(text(&first).contains("name=\"amount\"\r\n\r\n5\r\n"), "{}", text(&first));
    assert!(first.body.windows(7).any(|bytes| bytes == b"Bill\n\0\xff"));

    // The same file is the same request, another one is not.
    browser.click("button").await;
    sees_receipt(&mut browser, 0).await;
    browser.open(&service.url("/page/parts")).await;
    service.behind([Edge::Refuses(500), Edge::Refuses(500)]);
    browser.click("button").await;
    browser.sees("times('failed') === 1 && !document.querySelector('[aria-busy]')").await;
    browser.choose_file("[type=file]", file.path()).await;
    browser.click("button").await;
    browser.sees("times('failed') === 2 && !document.querySelector('[aria-busy]')").await;
    // No file is the same each time.
    browser.eval("document.querySelector('[type=file]').value = ''").await;
    browser.click("button").await;
    sees_receipt(&mut browser, 0).await;
    let keys = service.keys();
    let [_, first, again, none, chosen, same_as_none] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!(first, again);
    assert_ne!(none, chosen);
    assert_eq!(none, same_as_none);
}

#[tokio::test]
async fn parts_are_those_of_the_form() {
    let service = Service::start().await;
    let request = sent(&service, "/page/odd-parts", "[value=bank]").await;
    let text = text(&request);
    for part in [
        "\"lines\"\r\n\r\none\r\ntwo\r\n",
        "\"of\"\r\n\r\na & b = ü+ %41\r\n",
        "\"by\"\r\n\r\nbank\r\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

fn text(request: &Seen) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}
