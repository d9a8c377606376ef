//! The page: files that are in the program, under a strict policy.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;

use super::shop::Shop;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";

/// Path, type and text.
const FILES: [(&str, &str, &str); 8] = [
    ("/", "text/html", include_str!("page/index.html")),
    ("/shop.css", "text/css", include_str!("page/shop.css")),
    ("/shop.js", "text/javascript", include_str!("page/shop.js")),
    ("/approaches.js", "text/javascript", include_str!("page/approaches.js")),
    ("/requests.js", "text/javascript", include_str!("page/requests.js")),
    ("/till.js", "text/javascript", include_str!("page/till.js")),
    ("/ledger.js", "text/javascript", include_str!("page/ledger.js")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

pub(crate) fn routes() -> Router<Shop> {
    let router =
        Router::new().route("/about", get(about)).route("/idem.js", idem::http::frontend());
    FILES.into_iter().fold(router, |router, (path, kind, text)| {
        router.route(path, get(async move || file(kind, text)))
    })
}

fn file(kind: &str, text: &'static str) -> impl IntoResponse + use<> {
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, text)
}

/// What the page can't know by itself: where records are kept, and the attributes as they stand in
/// the source of this program.
async fn about(State(shop): State<Shop>) -> Json<serde_json::Value> {
    let (handlers, transaction) = (include_str!("with.rs"), include_str!("transaction.rs"));
    Json(serde_json::json!({
        "kv": shop.kept_in,
        "db": shop.database.name(),
        "attributes": {
            "setnx": attribute(handlers, "setnx"),
            "count": attribute(handlers, "count"),
            "db": attribute(transaction, "db"),
            "token": attribute(handlers, "token"),
            "state": attribute(transaction, "state"),
            "front": attribute(handlers, "front"),
        },
    }))
}

/// The attribute whose key begins by this operation, as it is written.
fn attribute(source: &str, operation: &str) -> String {
    let key = format!("key = \"{operation}:");
    let at = source.find(&key).unwrap_or_default();
    let start = source[..at].rfind("#[idempotent(").unwrap_or_default();
    let end = source[at..].find(")]\n").map_or(at, |end| at + end + 2);
    source[start..end].to_owned()
}
