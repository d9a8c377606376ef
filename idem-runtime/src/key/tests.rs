use super::{Key, KeyWriter};
use crate::KeyPart;

fn key(parts: &[(&'static str, &str)]) -> Key {
    let mut writer = KeyWriter::new("op");
    for (at, (name, value)) in parts.iter().enumerate() {
        if at > 0 {
            writer.literal(":");
        }
        value.write(&mut writer.part(name));
    }
    writer.finish()
}

fn text(value: &str) -> String {
    key(&[("value", value)]).to_string()
}

#[test]
fn an_empty_part_is_told_by_its_placeholder() {
    for parts in [
        &[("a.b", "")][..],
        &[("a", "x"), ("a.b", "")],
        &[("a.b", ""), ("a", "x")],
        &[("a.b", ""), ("c", "")],
    ] {
        let error = key(parts).check().expect_err("an empty part");
        assert_eq!(error.code(), "invalid_key");
        assert_eq!(error.to_string(), "invalid key: `{a.b}` of `op` is empty");
    }
    assert!(key(&[("a", "0"), ("b", "false")]).check().is_ok());
}

#[test]
fn values_keep_unreserved_characters_and_encode_the_rest() {
    assert_eq!(text("AZaz09._~-"), "op:AZaz09._~-");
    assert_eq!(text("a:b/c %#"), "op:a%3Ab%2Fc%20%25%23");
    assert_eq!(text("ü\0\u{10FFFF}"), "op:%C3%BC%00%F4%8F%BF%BF");
}

#[test]
fn no_value_begins_like_a_hash() {
    assert_eq!(text("#x"), "op:%23x");
    let long = text(&"x".repeat(201));
    assert!(long.starts_with("op:#"), "{long}");
    assert_eq!(text(&"x".repeat(200)).len(), 203);
}

#[test]
fn long_keys_are_told_apart() {
    assert_ne!(text(&"x".repeat(201)), text(&"x".repeat(202)));
    assert_eq!(text(&"ü".repeat(34)).len(), 68, "204 encoded bytes are over the limit");
}

#[test]
fn the_operation_is_encoded_like_a_value() {
    let mut writer = KeyWriter::new("zahlung für");
    7.write(&mut writer.part("id"));
    let key = writer.finish();
    assert_eq!(key.operation(), "zahlung für");
    assert_eq!(key.to_string(), "zahlung%20f%C3%BCr:7");
}

#[test]
fn fingerprints_ignore_the_order_of_a_map() {
    use std::collections::HashMap;

    let forth: HashMap<_, _> = (0..100).map(|n| (n.to_string(), n)).collect();
    let back: HashMap<_, _> = (0..100).rev().map(|n| (n.to_string(), n)).collect();
    let print = |map: &HashMap<String, i32>| key(&[("a", "x")]).fingerprint(map).its_fingerprint();
    assert_eq!(print(&forth), print(&back));
}

#[test]
fn fingerprints_tell_values_and_schemes_apart() {
    use super::Comparable;

    let print = |scheme, a: &str, b: &str| {
        let values = [a.compared(), b.compared()];
        key(&[("a", "x")]).fingerprint_of(scheme, values).its_fingerprint().expect("a fingerprint")
    };
    assert_eq!(print("a,b", "1", "2"), print("a,b", "1", "2"));
    assert_ne!(print("a,b", "1", "2").hash, print("a,b", "2", "1").hash);
    assert_ne!(print("a,b", "12", "").hash, print("a,b", "1", "2").hash);
    assert_ne!(print("a,b", "1", "2").scheme, print("a,c", "1", "2").scheme);
    assert_eq!(print("a,b", "1", "2").hash, print("a,c", "1", "2").hash);
}

/// What is hashed is frozen: another form, and a retry across a deploy would be told of a mismatch.
#[test]
fn a_fingerprint_is_the_hash_of_these_bytes() {
    use sha2::{Digest as _, Sha256};

    let length = |of: usize| (of as u64).to_be_bytes();
    for long in [0, 1, 255, 256, 257, 1000] {
        let long = "x".repeat(long);
        let value = serde_json::json!({ "b": [null, true, false, 7, -1.5], "a": long });
        let hash = key(&[("a", "x")]).fingerprint(&value).its_fingerprint().expect("one").hash;
        let bytes = [
            &b"o"[..],
            &length(2),
            b"k",
            &length(1),
            b"a",
            b"s",
            &length(long.len()),
            long.as_bytes(),
            b"k",
            &length(1),
            b"b",
            b"a",
            &length(5),
            b"n",
            b"t",
            b"f",
            b"d",
            &length(1),
            b"7",
            b"d",
            &length(4),
            b"-1.5",
        ];
        assert_eq!(hash[..], Sha256::digest(bytes.concat())[..]);
    }
}

#[test]
fn an_integer_beyond_64_bits_is_compared_by_all_its_digits() {
    use std::collections::HashMap;

    use sha2::{Digest as _, Sha256};

    let hash = |value: &dyn Fn(Key) -> Key| {
        value(key(&[("a", "x")])).its_fingerprint().expect("a fingerprint").hash
    };
    let most = hash(&|key| key.fingerprint(&u128::MAX));
    let digits = u128::MAX.to_string();
    let length = (digits.len() as u64).to_be_bytes();
    let bytes = [&b"d"[..], &length, digits.as_bytes()].concat();
    assert_eq!(most[..], Sha256::digest(bytes)[..]);
    assert_ne!(most, hash(&|key| key.fingerprint(&(u128::MAX - 1))));
    assert_ne!(hash(&|key| key.fingerprint(&i128::MIN)), hash(&|key| key.fingerprint(&-i128::MAX)));
    // In the order of the keys, beside whatever else there is.
    let wide = |numbers: &mut dyn Iterator<Item = u128>| -> HashMap<String, (u128, Option<&str>)> {
        numbers.map(|n| (n.to_string(), (u128::MAX - n, Some("\"é\n")))).collect()
    };
    assert_eq!(
        hash(&|key| key.fingerprint(&wide(&mut (0..100)))),
        hash(&|key| key.fingerprint(&wide(&mut (0..100).rev()))),
    );
}

/// What a scheme is in a record: another number, and a deploy would compare nothing for a while.
#[test]
fn a_schemes_number_is_its_fnv_1a() {
    let scheme =
        |text| key(&[("a", "x")]).fingerprint_of(text, []).its_fingerprint().expect("one").scheme;
    assert_eq!(scheme(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(scheme("a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(scheme("foobar"), 0x8594_4171_f739_67e8);
}

#[test]
fn a_value_that_will_not_serialise_makes_the_key_invalid() {
    use std::collections::HashMap;

    let odd: HashMap<(u8, u8), u8> = HashMap::from([((1, 2), 3)]);
    let error = key(&[("a", "x")]).fingerprint(&odd).check().expect_err("no text");
    assert!(error.to_string().contains("the fingerprint of `op:x` can't be taken"), "{error}");
}

#[test]
fn keys_of_one_request_are_one_in_a_set() {
    use std::collections::{HashMap, HashSet};

    let of = |value| key(&[("a", value)]);
    let distinct: HashSet<_> = [
        of("x"),
        of("x"),
        of("y"),
        of("x").fingerprint(&1),
        of("x").fingerprint(&1),
        of("x").fingerprint(&2),
        // What makes a key invalid is not taken for the valid one.
        of("x").fingerprint(&HashMap::from([((1, 2), 3)])),
    ]
    .into();
    assert_eq!(distinct.len(), 5);
}
