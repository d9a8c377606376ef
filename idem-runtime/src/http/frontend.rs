//! `idem.js`, which sends a page's forms.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::routing::{MethodRouter, get};
use axum_core::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

/// The module, whole: it imports nothing.
const SCRIPT: &str = include_str!("frontend/idem.js");

/// For so long a browser does not ask again; then it asks by `ETag`.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Serves `idem.js`, a module without dependencies that sends forms under an idempotency key.
///
/// ```
/// use axum::Router;
///
/// let app: Router = Router::new().route("/idem.js", idem::http::frontend());
/// ```
///
/// In the page:
///
/// ```html
/// <script type="module" src="/idem.js"></script>
/// <form method="post" action="/pay" data-idem> … </form>
/// ```
///
/// It makes a key when the form opens and keeps it over a reload, holds the form while it is being
/// sent, sends the same bytes under the same key again when the connection is lost or the server
/// asks for it by `Retry-After`, and goes to where the answer leads. The handler takes the key as
/// [`IdempotencyKey`](crate::IdempotencyKey), under [`idem.layer()`](crate::Idem::layer), which
/// marks replays.
pub fn frontend<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(async |headers: HeaderMap| answer(&headers))
}

fn answer(asked: &HeaderMap) -> Response {
    static TAG: LazyLock<HeaderValue> = LazyLock::new(tag);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::ETAG, TAG.clone()),
        (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    ];
    if knows(asked, &TAG) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, SCRIPT).into_response()
}

fn tag() -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(SCRIPT)[..8] {
        // Writing into a `String` can't fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::try_from(tag).expect("hexadecimal digits in quotes")
}

/// Whether the client has this version. Whoever compresses the answer may have made its tag a weak
/// one.
fn knows(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_with(tags: &[&str]) -> Response {
        let lines = tags.iter().map(|tag| {
            (header::IF_NONE_MATCH, HeaderValue::from_str(tag).expect("a header's value"))
        });
        answer(&lines.collect())
    }

    #[test]
    fn it_is_a_module_that_no_browser_takes_for_anything_else() {
        let response = asked_with(&[]);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "public, max-age=3600");
    }

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        let etag = asked_with(&[]).headers()["etag"].clone();
        let etag = etag.to_str().expect("ASCII");
        let weak = format!("W/{etag}");
        let among = format!("\"other\", {etag}");
        for known in [etag, &weak, &among, "*"] {
            let response = asked_with(&["\"another\"", known]);
            assert_eq!(response.status(), 304, "{known}");
            assert_eq!(response.headers()["etag"], etag);
        }
        assert_eq!(asked_with(&["\"another\"", "\"other\""]).status(), 200);
    }
}
