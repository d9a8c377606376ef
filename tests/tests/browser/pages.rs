//! The pages of the service.

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse};

/// What a careful site allows: its own files and nothing else, and no text that becomes a script.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

/// Writes down what `idem.js` tells, for the test to ask.
pub(crate) const EVENTS: &str = "
    window.told = [];
    for (const what of ['sending', 'retrying', 'answered', 'failed']) {
      document.addEventListener(`idem:${what}`, (event) => {
        const { response, ...detail } = event.detail;
        told.push({ what, ...detail });
      });
    }
    window.times = (what) => told.filter((event) => event.what === what).length;
    window.said = () => document.querySelector('[role=status]').textContent;
";

const FIELDS: &str = r#"
    <label>Amount <input name="amount" value="5"></label>
    <button name="by" value="card">Pay</button>
"#;

/// A page by its name.
pub(crate) async fn page(Path(name): Path<String>) -> impl IntoResponse {
    show(&form(&name))
}

pub(crate) fn show(content: &str) -> impl IntoResponse + use<> {
    let page = format!(
        r#"<!doctype html><html lang="en"><title>Pay</title>
        <script src="/events.js"></script><script type="module" src="/idem.js"></script>
        {content}"#
    );
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(page))
}

fn form(name: &str) -> String {
    let (attributes, fields) = match name {
        "pay" => (r#"action="/pay" data-idem"#, FIELDS),
        "quick" => (r#"action="/quick" data-idem"#, FIELDS),
        "impatient" => (r#"action="/pay" data-idem data-idem-patience="1""#, FIELDS),
        "hurried" => (r#"action="/pay" data-idem data-idem-timeout="1""#, FIELDS),
        "once" => (r#"action="/once" data-idem"#, FIELDS),
        "own-words" => (
            r#"action="/pay" data-idem data-idem-sending="Wird bezahlt" data-idem-failed="Ging nicht""#,
            "<p data-idem-status></p><button>Zahlen</button>",
        ),
        "csrf" => (
            r#"action="/pay" data-idem"#,
            r#"<input name="amount" value="5"><button>Pay</button>
            <input type="hidden" name="csrf" id="csrf" data-idem-ignore>"#,
        ),
        "clobbered" => (
            r#"action="/pay" data-idem"#,
            r#"<input name="amount" value="5"><button>Pay</button>
            <input type="hidden" name="id" value="7"><input type="hidden" name="action" value="8">
            <input type="hidden" name="method" value="9"><input type="hidden" name="elements" value="10">
            <input type="hidden" name="append" value="11">"#,
        ),
        "odd" => (r#"action="/echo""#, ODD),
        "odd-guarded" => (r#"action="/echo" data-idem"#, ODD),
        "odd-parts" => (r#"action="/echo" enctype="multipart/form-data" data-idem"#, ODD),
        "odd-json" => (r#"action="/echo" data-idem data-idem-json"#, ODD),
        "parts" => (
            r#"action="/echo" enctype="multipart/form-data" data-idem"#,
            r#"<input name="amount" value="5"><input type="file" name="bill"><button>Pay</button>"#,
        ),
        "odder" => (r#"action="/echo" id="odder""#, ODDER),
        "odder-guarded" => (r#"action="/echo" id="odder" data-idem"#, ODDER),
        "picture" => (
            r#"action="/pay" data-idem"#,
            r#"<input name="amount" value="5"> <input name="map.x" value="1">
            <input type="image" name="map" alt="Pay" width="80" height="40">"#,
        ),
        "around" => (r#"action="/pay" id="around" data-idem"#, ""),
        "wrong" => {
            (r#"action="/pay" data-idem data-idem-timeout="soon" data-idem-patience="-1""#, FIELDS)
        }
        "unguarded" => (r#"action="/pay""#, FIELDS),
        _ => panic!("no page is called {name}"),
    };
    // What belongs to a form need not be in it.
    let outside = match name {
        "odder" | "odder-guarded" => {
            r#"<input form="odder" name="outside" value="1">
            <button form="odder" id="outside" name="by" value="outside">Pay</button>"#
        }
        "around" => {
            r#"<input form="around" name="amount" value="5">
            <input form="around" type="hidden" name="csrf" id="csrf" data-idem-ignore>
            <button form="around">Pay</button>
            <input form="around" type="image" alt="Pay" width="80" height="40">"#
        }
        _ => "",
    };
    format!(r#"<form method="post" {attributes}>{fields}</form>{outside}"#)
}

const ODD: &str = r#"
    <input name="amount" type="number" value="5"><input name="of" value="a &amp; b = ü+ %41">
    <textarea name="lines">one
two</textarea>
    <select name="each" multiple><option selected>x<option selected>y<option>z</select>
    <input type="checkbox" name="is" checked><input type="checkbox" name="not">
    <input name="empty"><input name="left-out" value="1" disabled>
    <button name="by" value="card">Pay</button> <button name="by" value="bank">By bank</button>
    <button id="elsewhere" formaction="/elsewhere" name="by" value="post">Elsewhere</button>
    <button id="draft" formmethod="get" formaction="/receipt/0">Draft</button>
"#;

const ODDER: &str = r#"
    <input type="hidden" name="_charset_"><input name="größe" dirname="way" value="ß € 😀">
    <fieldset disabled><legend><input name="legend" value="1"></legend><input name="off" value="1"></fieldset>
    <input type="file" name="none"><input type="radio" name="one" value="a"><input name="" value="b">
    <datalist><input name="listed" value="1"></datalist><output name="sum">7</output>
    <input required form="nobody"><input name="&quot;" value="x">
    <input type="image" id="picture" name="map" alt="Pay" width="80" height="40">
    <input type="image" id="nameless" alt="Pay" width="80" height="40">
    <input type="submit" id="unnamed"> <input type="submit" id="valued" name="by" value="ü">
    <button id="here" formaction="">Here</button>
    <button id="parts" formenctype="multipart/form-data">Parts</button>
    <button id="lines" formenctype="text/plain">Lines</button>
    <button id="unknown" formenctype="x/y" formaction="elsewhere#here">Unknown</button>
"#;
