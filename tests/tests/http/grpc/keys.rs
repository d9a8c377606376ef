//! The key in a call's metadata, whose it is, and whether it is the same request.

use http::HeaderName;
use tonic::transport::Server;
use tonic::{Code, Request};

use super::service::{Client, Points, listen, lovelace, request, serve};
use super::{is, refusal, told};
use crate::support::{App, every_store};

#[tokio::test]
async fn a_duplicate_gets_the_first_answer_and_is_told_so() {
    for place in every_store() {
        let app = App::at(&place).await;
        let client = serve(&app).await;
        let answer = "1 of tea for lovelace".to_owned();
        assert_eq!(told(client.call("add", "tea").await), (answer.clone(), false));
        for _ in 0..3 {
            assert_eq!(told(client.call("add", "tea").await), (answer.clone(), true));
        }
        // By another instance as well, quoted as well.
        let beside = serve(&app.beside(place.engine().await)).await;
        if place.server().is_some() {
            let quoted = request("lovelace", &["\"k-1\""], "tea");
            assert_eq!(told(beside.send("add", quoted).await), (answer, true));
        }
        assert_eq!(app.effects(), 1);
    }
}

#[tokio::test]
async fn a_call_without_one_good_key_is_an_invalid_argument_and_has_no_effect() {
    let app = App::in_memory();
    let client = serve(&app).await;
    for (keys, reason) in [
        (&[][..], "MISSING"),
        (&["a", "b"], "REPEATED"),
        (&["a, b"], "REPEATED"),
        (&["\"a"], "MALFORMED"),
        (&["\"\""], "EMPTY"),
        (&["a b"], "CHARACTERS"),
        (&[LONG], "TOO_LONG"),
    ] {
        let answer = client.send("add", request("lovelace", keys, "tea")).await;
        assert_eq!(refusal(answer), is(Code::InvalidArgument, reason, false), "{keys:?}");
    }
    assert_eq!(app.effects(), 0);
}

/// Twice 128 characters.
const LONG: &str = concat!(
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
);

#[tokio::test]
async fn the_layer_says_where_the_key_is_and_in_which_form() {
    let app = App::in_memory();
    let layer = app.idem.layer().header(HeaderName::from_static("x-request-key")).strict();
    let (listener, address) = listen().await;
    let router = Server::builder().layer(layer).add_service(Points(app.clone()));
    tokio::spawn(router.serve_with_incoming(listener));
    let client = Client::of(address).await;

    let unnamed = client.call("add", "tea").await;
    assert_eq!(refusal(unnamed), is(Code::InvalidArgument, "MISSING", false));
    let keyed = |key: &'static str| {
        let mut request: Request<String> = lovelace("tea");
        request.metadata_mut().insert("x-request-key", key.parse().expect("ASCII"));
        request
    };
    let bare = client.send("add", keyed("k-1")).await;
    assert_eq!(refusal(bare), is(Code::InvalidArgument, "UNQUOTED", false));
    let quoted = client.send("add", keyed("\"k-1\"")).await;
    assert_eq!(told(quoted), ("1 of tea for lovelace".to_owned(), false));
}

#[tokio::test]
async fn two_users_with_one_key_have_two_requests_and_nobody_has_none() {
    for place in every_store() {
        let app = App::at(&place).await;
        let client = serve(&app).await;
        assert_eq!(told(client.call("add", "tea").await).0, "1 of tea for lovelace");
        let bob = client.send("add", request("bob", &["k-1"], "tea")).await;
        assert_eq!(told(bob), ("2 of tea for bob".to_owned(), false));
        let mut nobody = lovelace("tea");
        nobody.metadata_mut().remove("x-user");
        let refused = client.send("add", nobody).await.expect_err("who?");
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn another_payload_is_refused_before_and_after_the_first_has_ended() {
    for place in every_store() {
        let app = App::at(&place).await;
        let client = serve(&app).await;
        let (first, early) = tokio::join!(client.call("slow", "tea"), async {
            app.paused().await;
            let early = client.call("slow", "gin").await;
            app.let_go();
            early
        });
        assert_eq!(told(first).0, "1 of tea");
        let late = client.call("slow", "gin").await;
        for other in [early, late] {
            assert_eq!(refusal(other), is(Code::InvalidArgument, "MISMATCH", false));
        }
        assert_eq!(app.effects(), 1);
    }
}
