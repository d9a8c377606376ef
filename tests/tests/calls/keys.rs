//! What makes two calls the same request.

use std::collections::HashSet;

use idem::store::State;
use idem::{Error, Key, Plan, with_outcome};
use kit::faulty::Faulty;
use kit::place::Place;
use proptest::prelude::*;

use crate::support::{Runs, engine_on};

const PLAN: Plan = Plan::setnx();

on_every_store! {
    hostile_text_is_a_legal_part
    parts_that_look_alike_are_apart
    prefixes_are_apart
}

fn key(part: &str) -> Key {
    idem::key!("op:{part}")
}

fn pair(one: &str, other: &str) -> Key {
    idem::key!("op:{one}:{other}")
}

/// C45
#[tokio::test]
async fn an_empty_part_asks_no_store() {
    let store = Faulty::new();
    let idem = engine_on(&store).await;
    let answer = idem.call(&PLAN, key(""), async { Ok::<u32, Error>(1) }).await;
    let Err(Error::InvalidKey { reason, .. }) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("op") && reason.contains("empty"), "{reason}");
    assert!(matches!(idem.get(&key("")).await, Err(Error::InvalidKey { .. })));
    assert_eq!(store.steps(), []);
}

/// C46, C55: also across what escaping could mix up.
async fn parts_that_look_alike_are_apart(place: Place) {
    let idem = place.engine().await;
    let texts = ["0", "false", "a:b", "a", "a3Ab", "a%3Ab", "a b", "a20b", "é", "C3A9", "#", "23"];
    let runs = Runs::default();
    for text in texts {
        assert_eq!(idem.call(&PLAN, key(text), runs.body()).await.unwrap(), runs.count(), "{text}");
    }
    assert_eq!(runs.count(), texts.len());
    for (at, text) in texts.iter().enumerate() {
        assert_eq!(idem.call(&PLAN, key(text), runs.body()).await.unwrap(), at + 1, "{text}");
    }
}

/// C46
#[test]
fn numbers_and_booleans_are_their_text() {
    let (zero, no) = (0, false);
    assert_eq!(idem::key!("op:{zero}").to_string(), "op:0");
    assert_eq!(idem::key!("op:{no}").to_string(), "op:false");
}

/// C56
async fn hostile_text_is_a_legal_part(place: Place) {
    let idem = place.engine().await;
    let long = "é\u{0}".repeat(500);
    for text in ["\u{0}", "\r\nSET a b\r\n", "{tag}", "💳", "a\u{202e}b", "* ? [a]", &long] {
        let (first, again) = (key(text), key(text));
        assert!(first.to_string().is_ascii() && first.to_string().len() <= 204, "{first}");
        assert_eq!(
            idem.call(&PLAN, first, async { Ok::<_, Error>(text.len()) }).await.unwrap(),
            text.len()
        );
        assert_eq!(idem.call(&PLAN, again, async { Ok::<_, Error>(0) }).await.unwrap(), text.len());
        let entry = idem.get(&key(text)).await.unwrap().unwrap();
        assert_eq!(entry.state, Some(State::Completed));
    }
}

/// C55
async fn prefixes_are_apart(place: Place) {
    let runs = Runs::default();
    for tenant in ["a", "b", "a:op", ""] {
        let prefix = format!("{}{tenant}", place.prefix());
        let idem = place.builder().await.prefix(prefix).build().await.unwrap();
        let (value, _) = with_outcome(idem.call(&PLAN, key("1"), runs.body())).await;
        assert_eq!(value.unwrap(), runs.count());
    }
    assert_eq!(runs.count(), 4);
}

/// C54: the same text each time, however often, and bounded.
#[test]
fn a_key_is_the_same_ten_thousand_times() {
    for text in ["42", "a:b/c d", &"x".repeat(10_000)] {
        let texts: HashSet<_> = (0..10_000).map(|_| key(text).to_string()).collect();
        assert_eq!(texts.len(), 1, "{text}");
        assert!(texts.iter().all(|text| text.len() <= 204));
    }
}

#[test]
fn a_long_part_becomes_its_hash_and_no_value_looks_like_one() {
    let (longest, longer) = (key(&"x".repeat(200)), key(&"x".repeat(201)));
    assert_eq!(longest.to_string(), format!("op:{}", "x".repeat(200)));
    let hashed = longer.to_string();
    assert!(hashed.starts_with("op:#") && hashed.len() == 3 + 1 + 64, "{hashed}");
    assert_ne!(key(&hashed[3..]).to_string(), hashed);
    // What is told apart only after the bound stays apart.
    assert_ne!(
        key(&format!("{}a", "x".repeat(300))).to_string(),
        key(&format!("{}b", "x".repeat(300))).to_string()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// C48: a text comes back from its key, so two texts never share one.
    #[test]
    fn encoding_can_be_undone(text in ".{1,40}") {
        let rendered = key(&text).to_string();
        let encoded = rendered.strip_prefix("op:").unwrap();
        prop_assume!(!encoded.starts_with('#'));
        prop_assert_eq!(decoded(encoded), text.as_bytes());
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-%".contains(&b)));
    }

    /// Where one part ends and the next begins is part of the key.
    #[test]
    fn pairs_are_apart(one in "[a:%#0-9]{1,4}", other in "[a:%#0-9]{1,4}", at in 0_usize..4) {
        let joined = format!("{one}:{other}");
        prop_assume!(joined.is_char_boundary(at) && at > 0 && at + 1 < joined.len());
        let (left, right) = (&joined[..at], &joined[at + 1..]);
        prop_assume!((left, right) != (one.as_str(), other.as_str()));
        prop_assert_ne!(pair(&one, &other).to_string(), pair(left, right).to_string());
    }
}

fn decoded(encoded: &str) -> Vec<u8> {
    let mut bytes = encoded.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap();
            out.push(u8::from_str_radix(digits, 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    out
}
