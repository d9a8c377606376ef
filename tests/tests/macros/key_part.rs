//! `#[derive(KeyPart)]`.

use idem::{IdempotencyKey, KeyPart, key};

#[derive(KeyPart)]
struct OrderId(u64);

#[derive(KeyPart)]
struct Named {
    inner: String,
}

#[derive(KeyPart)]
struct Generic<T: Clone>(T);

#[derive(KeyPart)]
struct Borrowed<'a>(&'a str);

#[derive(KeyPart)]
struct Header(IdempotencyKey);

#[derive(KeyPart)]
struct Array<const N: usize>(Tag<N>);

#[derive(KeyPart)]
struct Tag<const N: usize>(u8);

#[derive(KeyPart)]
#[repr(u8)]
enum Channel {
    WebShop = 7,
    HTTPPort,
    #[allow(non_camel_case_types)]
    r#loop,
}

/// C49
#[test]
fn a_newtype_is_what_it_wraps() {
    let (order, named) = (OrderId(7), Named { inner: "a b".to_owned() });
    let (generic, borrowed, array) = (Generic(5), Borrowed("c"), Array(Tag::<3>(1)));
    assert_eq!(
        key!("op:{order}:{named}:{generic}:{borrowed}:{array}").to_string(),
        "op:7:a%20b:5:c:1"
    );
}

/// C49
#[test]
fn a_variant_is_its_name_in_snake_case() {
    for (channel, text) in [
        (Channel::WebShop, "web_shop"),
        (Channel::HTTPPort, "http_port"),
        (Channel::r#loop, "loop"),
    ] {
        assert_eq!(key!("op:{channel}").to_string(), format!("op:{text}"));
    }
}

#[test]
fn a_newtype_comes_from_where_its_inside_comes_from() {
    let header = Header("8e03".parse().expect("a key"));
    let user = OrderId(1);
    assert_eq!(key!("op:{user}:{header}").to_string(), "op:1:8e03");
}
