//! The page, as a browser gets it.

use std::collections::BTreeSet;

use kit::http::Request;

use super::client::{Shop, embedded};

/// The paths that a text has after `before`, up to the quote.
fn paths_after(text: &str, before: &str) -> impl Iterator<Item = String> {
    let rests = text.split(before).skip(1).filter_map(|rest| rest.split('"').next());
    rests.map(str::to_owned)
}

#[tokio::test]
async fn the_page_has_all_that_it_asks_for_and_runs_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = Shop::open(folder.path(), &embedded());
    let mut paths = vec!["/".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = Request::new("GET", &path).send(shop.address).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        if path == "/" {
            let policy = answer.header("content-security-policy").expect("a policy");
            assert!(policy.contains("default-src 'none'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
        }
        for before in [" src=\"", " href=\"", " from \""] {
            paths.extend(paths_after(answer.text(), before));
        }
    }
    assert!(seen.contains("/idem.js") && seen.contains("/till.js"), "{seen:?}");

    let attributes = shop.get("/about").await["attributes"].take();
    for (approach, attribute) in attributes.as_object().expect("attributes") {
        let attribute = attribute.as_str().expect("text");
        assert!(attribute.starts_with("#[idempotent(\n    key = "), "{attribute}");
        assert!(attribute.contains(approach) && attribute.ends_with("\n)]"), "{attribute}");
    }
}
