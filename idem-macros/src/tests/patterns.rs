//! What the patterns and types of parameters bind, lend and say.

use super::told::{assert_accepted, expanded, told};

#[test]
fn a_ref_anywhere_in_a_pattern_borrows() {
    let told = |parameter: &str| {
        told(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\", on_cancel = \"finish\")]
             async fn pay(id: u64, {parameter}) -> Result<u64, Error> {{ Ok(id) }}"
        ))
    };
    for pattern in [
        "ref a",
        "b @ Some(ref a)",
        "(ref a)",
        "(_, ref a)",
        "&(ref a, _)",
        "[ref a, ..]",
        "Order { total: ref a, .. }",
        "Order { ref a, .. }",
        "Pair(_, ref a)",
        "(Ok(ref a) | Err(ref a))",
    ] {
        let told = told(&format!("{pattern}: Order"));
        assert_eq!(told.len(), 1, "{pattern}: {told:?}");
        assert!(told[0].ends_with("remove the `ref`"), "{pattern}: {told:?}");
    }
    for pattern in ["a", "b @ Some(a)", "&a", "[a, ..]", "Order { a, .. }", "Pair(_, a)", "_"] {
        assert_eq!(told(&format!("{pattern}: Order")), Vec::<String>::new(), "{pattern}");
    }
}

#[test]
fn each_name_that_a_pattern_binds_can_stand_in_a_key() {
    for pattern in [
        "id",
        "mut id",
        "ref id",
        "whole @ Some(id)",
        "(id)",
        "(_, id)",
        "&id",
        "&mut id",
        "[id, ..]",
        "[_, id @ ..]",
        "Order { id, .. }",
        "Order { number: id, .. }",
        "Order { nested: Pair(_, id), .. }",
        "Pair(_, id)",
        "(Ok(id) | Err(id))",
    ] {
        assert_accepted(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\")]
             async fn pay({pattern}: Order) -> Result<u64, Error> {{ Ok(1) }}"
        ));
    }
    let told = told(
        "#[idempotent(key = \"pay:{order}\", strategy = \"setnx\")]
         async fn pay(Order { order: id, .. }: Order, __arg1: u8) -> Result<u64, Error> { Ok(1) }",
    );
    assert!(told[0].ends_with("; there is `id`"), "{told:?}");
}

/// What the server itself has made asks nobody where it comes from; of two parameters of one name,
/// which a configuration chooses from, both have to be such.
#[test]
fn a_value_of_a_plain_type_is_the_servers_own() {
    let asks = |parameters: &str| {
        expanded(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\", fingerprint = \"off\")]
             async fn pay({parameters}) -> Result<u64, Error> {{ Ok(1) }}"
        ))
        .contains("Origin :: of")
    };
    for ty in ["u64", "&str", "&&i8", "String", "bool", "char", "usize"] {
        assert!(!asks(&format!("id: {ty}")), "{ty}");
    }
    for ty in ["Id", "f64", "Option<u64>", "ids::u64", "<A as B>::u64", "(u64,)", "&Id"] {
        assert!(asks(&format!("id: {ty}")), "{ty}");
    }
    assert!(asks("(id, _): (u64, u64)"), "the pattern's type does not say it");
    assert!(!asks("#[cfg(unix)] id: u64, #[cfg(windows)] id: u32"));
    assert!(asks("#[cfg(unix)] id: u64, #[cfg(windows)] id: Id"));
    assert!(asks("#[cfg(unix)] id: Id, #[cfg(windows)] id: u64"));
}
