//! What no case of `tests/compile-fail` shows: the other side of a bound, and what is written.

use super::uses::{self, Told};

/// What the uses in a source tell.
pub(super) fn told(source: &str) -> Vec<String> {
    let mut all: Vec<Told> = Vec::new();
    let tokens = uses::by_a_macro(source.parse().expect(source));
    for expansion in uses::expansions(tokens) {
        uses::told(expansion, &mut all);
    }
    all.into_iter().map(|told| told.message).collect()
}

pub(super) fn assert_accepted(source: &str) {
    assert_eq!(told(source), Vec::<String>::new(), "{source}");
}

/// What the only use in a source is expanded to, with single spaces between the tokens.
pub(super) fn expanded(source: &str) -> String {
    let all = uses::expansions(uses::by_a_macro(source.parse().expect(source)));
    let [expansion] = &all[..] else { panic!("one use: {source}") };
    expansion.to_string()
}

fn with(options: &str) -> String {
    format!(
        "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\", {options})]
         async fn pay(id: u64) -> Result<u64, Error> {{ Ok(id) }}"
    )
}

#[test]
fn a_lease_of_half_the_retention_is_the_longest() {
    assert_accepted(&with("ttl = \"60s\", lease = \"30s\""));
    assert_accepted(&with("lease = \"12h\""));
    assert_accepted(&with("ttl = \"2ms\""));
    assert_eq!(told(&with("ttl = \"60s\", lease = \"30001ms\"")).len(), 1);
    assert_eq!(told(&with("ttl = \"1ms\"")).len(), 1);
}

#[test]
fn the_key_to_write_names_a_parameter_and_not_self() {
    let method = "impl Shop {
        #[idempotent(strategy = \"setnx\")]
        async fn pay(&self, order: u64) -> Result<u64, Error> { Ok(order) }
    }";
    let told = told(method);
    assert!(told[0].ends_with("write `key = \"pay:{order}\"`"), "{told:?}");
}

#[test]
fn a_specialised_method_keeps_its_word() {
    let source = "#[idempotent(key = \"pay:{id}\", strategy = \"setnx\")]
        default async fn pay(id: u64) -> Result<u64, Error> { Ok(id) }";
    assert_accepted(source);
    assert!(expanded(source).contains("default async fn pay"));
}

#[test]
fn a_typo_is_left_to_the_compiler_in_the_plain_function() {
    let plain = expanded(
        "#[idempotent(key = \"pay:{order}:{nummber}\", strategy = \"setnx\")]
         async fn pay(order: u64, number: u64) -> Result<u64, Error> { Ok(order) }",
    );
    for part in [
        "let order = \"\" ;",
        "format_args ! (\"pay:{order}:{nummber}\")",
        "let nummber = () ;",
        "let _ = & number ;",
        "Ok (order)",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
}

#[test]
fn a_key_part_is_written_as_what_it_wraps() {
    let newtype = expanded("#[derive(KeyPart)] struct Id<T>(T) where T: Copy;");
    for part in [
        "impl < T > :: idem :: KeyPart for Id < T > where T : Copy , T : :: idem :: KeyPart",
        "type Origin = < T as :: idem :: KeyPart > :: Origin ;",
        "< T as :: idem :: KeyPart > :: write (& self . 0 , part)",
    ] {
        assert!(newtype.contains(part), "{part}: {newtype}");
    }
    assert!(expanded("#[derive(KeyPart)] struct Id { number: u64 }").contains("self . number"));
    let choice = expanded("#[derive(KeyPart)] enum Channel { WebShop, Phone }");
    assert!(
        choice.contains("Self :: WebShop => \"web_shop\" , Self :: Phone => \"phone\""),
        "{choice}"
    );
}

#[test]
fn what_is_no_function_is_told_by_what_it_is() {
    let on = |item: &str| {
        let told = told(&format!("#[idempotent(key = \"a:{{b}}\", strategy = \"setnx\")] {item}"));
        let [only] = &told[..] else { panic!("{item}: {told:?}") };
        only.clone()
    };
    for (word, item) in [
        ("impl", "impl Shop {}"),
        ("impl", "unsafe impl Send for Shop {}"),
        ("trait", "trait Pays {}"),
        ("trait", "pub unsafe trait Pays {}"),
    ] {
        assert!(on(item).ends_with(&format!("put it on each method of this `{word}`")), "{item}");
    }
    for item in ["|id| { id }", "async |id| { id }", "async move { 1 }", "async { 1 }"] {
        assert!(on(item).ends_with("guard this by `idem.call(&PLAN, key, future)`"), "{item}");
    }
    for item in
        ["struct Shop;", "const LIMIT: u64 = 1;", "mod shop {}", "static fn {}", "enum impl {}"]
    {
        assert!(on(item).ends_with("put it on an `async fn`"), "{item}: {}", on(item));
    }
    // These are functions, with a mistake that has nothing to do with the attribute.
    for item in [
        "fn pay(id) {}",
        "async fn pay(id) {}",
        "const fn pay(id) {}",
        "const async fn pay(id) {}",
        "const unsafe fn pay(id) {}",
        "unsafe fn pay(id) {}",
        "extern \"C\" fn pay(id) {}",
        "default fn pay(id) {}",
    ] {
        assert!(on(item).starts_with("expected `:`"), "{item}: {}", on(item));
    }
}

#[test]
fn a_type_that_is_no_result_is_told_by_what_it_is() {
    for (ty, told_as, write) in [
        ("()", "nothing", "()"),
        ("&'static str", "a reference", "T"),
        ("[u8; 2]", "an array", "T"),
        ("!", "never", "T"),
        ("*const u8", "a pointer", "T"),
        ("bool", "a `bool`", "bool"),
        ("char", "a `char`", "char"),
        ("String", "a `String`", "String"),
        ("i128", "a number", "i128"),
    ] {
        let told = told(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\")]
             async fn pay(id: u64) -> {ty} {{ loop {{}} }}"
        ));
        let is = format!("`pay` returns {told_as}, so it couldn't say that the first call is");
        let write = format!("return a `Result<{write}, E>`");
        assert!(told[0].starts_with(&is) && told[0].ends_with(&write), "{told:?}");
        assert_eq!(told.len(), 1, "{told:?}");
    }
    // These may be an alias of one.
    for ty in ["Answer", "<u8 as Answers>::Answer", "shop::Answer", "(u8, u8)", "Option<u8>"] {
        assert_accepted(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\")]
             async fn pay(id: u64) -> {ty} {{ loop {{}} }}"
        ));
    }
}

#[test]
fn a_transaction_is_mut_inside_where_it_is_outside() {
    let joined = |parameter: &str| {
        expanded(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"db\", tx = tx)]
             async fn pay({parameter}: &mut Transaction<'_, Db>, id: u64) -> Result<u64, Error> {{
                 Ok(id)
             }}"
        ))
    };
    let inside = |tx: &str| format!("let ({tx} , running) = joined . body () ;");
    assert!(joined("tx").contains(&inside("tx")), "{}", joined("tx"));
    assert!(joined("mut tx").contains(&inside("mut tx")), "{}", joined("mut tx"));
}

#[test]
fn an_impl_anywhere_in_a_result_is_told() {
    for ty in ["impl Display", "(u8, impl Display)", "[(impl Display, u8); 2]"] {
        let told = told(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"setnx\")]
             async fn pay(id: u64) -> Result<{ty}, Error> {{ loop {{}} }}"
        ));
        assert_eq!(told.len(), 1, "{ty}: {told:?}");
        assert!(told[0].contains("its type has a name"), "{ty}: {told:?}");
    }
}

#[test]
fn a_machine_is_written_with_its_ways_and_what_is_told_of_others() {
    let machine = expanded(
        "#[derive(StateMachine)]
         #[state(table = \"orders\", id = \"number\", column = \"status\", pg_type = \"shop.status\")]
         enum Status {
             #[state(to(Paid))]
             Pending,
             #[state(to(Refunded, Shipped))]
             Paid,
             #[state(to(Paid), name = \"given back\")]
             Refunded,
             Shipped,
         }",
    );
    for part in [
        "(\"Status\" , \"orders\" , \"number\" , \"status\" , \
         :: core :: option :: Option :: Some (\"shop.status\") ,",
        "(\"pending\" , Self :: Pending as :: core :: primitive :: i128 , \
         & [:: idem :: machine :: Way :: new (1usize , :: core :: option :: Option :: None)] , \
         \"`Status` declares no such transition: `Pending` leads to `Paid`\")",
        "Way :: new (2usize , :: core :: option :: Option :: Some \
         (\"the entity is all of this key, and it can go round (`Paid → Refunded → Paid`): its",
        "Way :: new (3usize , :: core :: option :: Option :: None)",
        "`Paid` leads to `Refunded` or `Shipped`",
        "`Shipped` leads nowhere",
        "Self :: Refunded => \"given back\"",
        "\"given back\" => :: core :: option :: Option :: Some (Self :: Refunded)",
        "Refunded --> Paid",
    ] {
        assert!(machine.contains(part), "{part}: {machine}");
    }
    let plain =
        "#[derive(StateMachine)] #[state(table = \"t\", id = \"i\", column = \"c\")] enum S { A }";
    assert!(expanded(plain).contains("\"c\" , :: core :: option :: Option :: None ,"));
}

#[test]
fn what_came_through_a_macro_is_taken_as_it_was_written() {
    assert_accepted(
        "#[idempotent(
             key = hidden(\"pay:{id}\"),
             strategy = hidden(\"count\"),
             ttl = hidden(hidden(\"1h\")),
             limit = hidden(3),
             fingerprint(hidden(order).total, hidden(order.to)),
             on_err = hidden(Failure::judge),
             map_err = hidden(Failure::guard),
             codec = hidden(Wire<u8>),
             engine = hidden(order.engine),
             crate = hidden(shop::idem)
         )]
         async fn pay(id: u64, order: Order) -> Result<u64, Failure> { Ok(id) }

         #[idempotent(
             key = \"pay:{id}\", strategy = \"token\", token = hidden(form.token), store = hidden(\"db\")
         )]
         async fn buy(id: u64, form: Form) -> Result<u64, Failure> { Ok(id) }

         #[derive(StateMachine)]
         #[state(table = hidden(\"orders\"), id = \"id\", column = \"status\")]
         enum Status { #[state(to(hidden(Paid)), name = hidden(\"open\"))] Pending, Paid }",
    );
    let told = told(&with("limit = hidden(3), wait = hidden(5), on_err = hidden(hold)"));
    assert!(told[0].starts_with("a duration is quoted: write `wait = \"5s\"`"), "{told:?}");
    assert!(told[1].starts_with("a word is quoted: write `on_err = \"hold\"`"), "{told:?}");
    assert!(told[2].starts_with("strategy `\"setnx\"` does not use `limit`"), "{told:?}");
}

#[test]
fn only_methods_without_arguments_are_parts_of_a_place() {
    assert_accepted(&with("fingerprint(id.total().net)"));
    for place in ["id.max(3)", "id.parse::<u8>()", "id.max::<u8>(3)"] {
        let told = told(&with(&format!("fingerprint({place})")));
        assert_eq!(told.len(), 1, "{place}: {told:?}");
        assert!(told[0].ends_with("compute anything else before the call"), "{place}: {told:?}");
    }
}

#[test]
fn a_token_is_used_where_its_option_says() {
    let plan = |store: &str| {
        expanded(&format!(
            "#[idempotent(key = \"pay:{{id}}\", strategy = \"token\", token = token, {store})]
             async fn pay(id: u64, token: Token) -> Result<u64, Error> {{ Ok(id) }}"
        ))
    };
    assert!(plan("").contains("Plan :: token ()"));
    assert!(plan("store = \"kv\"").contains("Plan :: token ()"));
    assert!(plan("store = \"db\"").contains("Plan :: token_in_db ()"));
}

#[test]
fn a_place_that_came_through_a_macro_keeps_its_steps() {
    let guarded = expanded(
        "#[idempotent(
             key = \"pay:{id}\", strategy = \"setnx\", fingerprint(hidden(hidden(order).to.iban), hidden(order).net)
         )]
         async fn pay(id: u64, order: Order) -> Result<u64, Error> { Ok(id) }",
    );
    assert!(guarded.contains("compared (& order . to . iban)"), "{guarded}");
    assert!(guarded.contains("compared (& order . net)"), "{guarded}");
}
