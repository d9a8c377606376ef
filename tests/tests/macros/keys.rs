//! The keys that `key!` renders.

use std::borrow::Cow;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use idem::{IdempotencyKey, KeyPart, key};

struct User {
    id: u64,
    pair: (u8, (bool, char)),
}

impl User {
    fn name(&self) -> String {
        format!("user {}", self.id)
    }

    fn key(&self) -> String {
        key!("self:{self.id}:{self.name()}").to_string()
    }
}

#[test]
fn a_key_is_readable() {
    let user = User { id: 42, pair: (1, (true, 'x')) };
    let number = "A-1";
    assert_eq!(key!("charge:{user.id}:{number}").to_string(), "charge:42:A-1");
    assert_eq!(key!("charge:{user.name()}").to_string(), "charge:user%2042");
    assert_eq!(
        key!("charge:{user.pair.0}/{user.pair.1.0}/{user.pair.1.1}").to_string(),
        "charge:1/true/x"
    );
    assert_eq!(user.key(), "self:42:user%2042");
}

#[test]
fn the_operation_is_the_leading_literal() {
    let id = 7;
    assert_eq!(key!("charge:{id}").operation(), "charge");
    assert_eq!(key!("pay/v2 -> {id}").operation(), "pay/v2");
    assert_eq!(key!("a{{b}}c:{id}").operation(), "a{b}c");
    assert_eq!(key!("zahlung für:{id}").to_string(), "zahlung%20f%C3%BCr:7");
}

#[test]
fn parts_never_run_into_each_other() {
    let one = |a: &str, b: &str| key!("op:{a}:{b}").to_string();
    assert_eq!(one("a:b", "c"), "op:a%3Ab:c");
    assert_eq!(one("a", "b:c"), "op:a:b%3Ac");
    assert_ne!(one("a%3Ab", "c"), one("a:b", "c"));
}

#[test]
fn whatever_has_one_text_is_a_part() {
    let (borrowed, boxed, shared) = ("a", Box::new(1_u8), Arc::<str>::from("b"));
    let (counted, cow, nested) = (Rc::new(true), Cow::Borrowed("c"), &&&'d');
    let nonzero = NonZero::new(5_u8).expect("not zero");
    assert_eq!(
        key!("op:{borrowed}:{boxed}:{shared}:{counted}:{cow}:{nested}:{nonzero}").to_string(),
        "op:a:1:b:true:c:d:5"
    );
}

#[test]
fn undecided_numbers_are_parts() {
    let id = 7;
    let negative = -1;
    assert_eq!(key!("op:{id}:{negative}").to_string(), "op:7:-1");
}

#[test]
fn zero_and_false_are_parts() {
    let (zero, no) = (0, false);
    assert_eq!(key!("op:{zero}").to_string(), "op:0");
    assert_eq!(key!("op:{no}").to_string(), "op:false");
}

#[test]
fn a_long_key_is_bounded() {
    let long = "x".repeat(10_000);
    let key = key!("op:{long}").to_string();
    assert_eq!(key.len(), "op:#".len() + 64);
    assert_eq!(key, key!("op:{long}").to_string());
}

#[test]
fn a_client_supplied_part_stands_beside_a_scope() {
    let key: IdempotencyKey = "8e03978e".parse().expect("a key");
    let user = 7;
    assert_eq!(key!("pay:{user}:{key}").to_string(), "pay:7:8e03978e");
}

#[test]
fn a_generic_part_is_let_pass() {
    fn render<K: KeyPart>(part: K) -> String {
        key!("op:{part}").to_string()
    }
    assert_eq!(render(7), "op:7");
}

#[test]
fn names_come_through_macro_rules() {
    macro_rules! op {
        (own) => {{
            let id = 7;
            key!("op:{id}").to_string()
        }};
        ($template:literal) => {
            key!($template).to_string()
        };
    }
    let id = 5;
    assert_eq!(op!(own), "op:7");
    assert_eq!(op!("op:{id}"), "op:5");
}

#[test]
fn a_renamed_runtime_is_named() {
    use ::idem as renamed;
    let id = 7;
    assert_eq!(key!("op:{id}", crate = renamed).to_string(), "op:7");
}

#[test]
fn the_key_is_taken_by_reference() {
    let owned = String::from("x");
    let first = key!("op:{owned}").to_string();
    assert_eq!(first, format!("op:{owned}"));
}
