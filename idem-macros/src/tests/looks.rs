//! What is judged by the look of a type, and what is left alone for it.

use super::told::told;

#[test]
fn a_value_that_may_be_more_than_its_text_in_the_key_is_compared() {
    let compared = |key: &str, order: &str, values: &str| {
        told(&format!(
            "#[idempotent(key = \"pay:{key}\", strategy = \"setnx\", fingerprint({values}))]
             async fn pay(id: u64, order: {order}, key: IdempotencyKey) -> Result<u64, Error> {{ Ok(id) }}"
        ))
    };
    for (key, values) in [
        ("{order}", "order"),
        ("{id}:{order.number}", "id, order"),
        ("{id}:{order}", "id, order"),
        ("{order.number}", "order.cents"),
        ("{id}", "id.count_ones()"),
        ("{id}:{order.number}", "id, order.number, order.cents"),
    ] {
        assert_eq!(compared(key, "&Order", values), Vec::<String>::new(), "{key} {values}");
    }
    for (key, values, are) in [
        ("{id}", "id", "`id` is"),
        ("{id}:{order}", "order", "`order` is"),
        ("{id}:{key}", "key", "`key` is"),
        ("{id}:{key.as_str()}", "key.as_str()", "`key.as_str()` is"),
        ("{id}:{order}:{key}", "id, key, order", "`id`, `key` and `order` are"),
    ] {
        let told = compared(key, "&str", values);
        assert_eq!(told.len(), 1, "{key} {values}: {told:?}");
        assert!(told[0].starts_with(&format!("{are} in the key, ")), "{told:?}");
    }
}

#[test]
fn what_is_not_the_callers_open_transaction_is_left_alone() {
    let taking = |options: &str, parameter: &str| {
        told(&format!(
            "#[idempotent(key = \"pay:{{id}}\", {options})]
             async fn pay({parameter}, id: u64) -> Result<u64, Error> {{ Ok(id) }}"
        ))
    };
    for parameter in [
        "transaction: &mut Transaction",
        "transaction: &mut Transaction<'_>",
        "transaction: &mut Transaction<Card>",
        "transaction: &mut bank::Transaction<'_, Vec<Sqlite>>",
        "transaction: Transaction<'_, Sqlite>",
        "mut tx: PgTransaction<'static>",
        "tx: &PgTransaction<'_>",
        "connection: &mut PgConnection",
        "_: &mut PgTransaction<'_>",
    ] {
        for options in ["strategy = \"db\"", "strategy = \"setnx\""] {
            assert_eq!(taking(options, parameter), Vec::<String>::new(), "{parameter}");
        }
    }
    for (parameter, connection) in [
        ("tx: &mut PgTransaction<'_>", "PgConnection"),
        ("mut tx: &'t mut sqlx::MySqlTransaction<'t>", "MySqlConnection"),
        ("tx: &mut SqliteTransaction<'_>", "SqliteConnection"),
        ("tx: &mut Transaction<'_, Postgres>", "PgConnection"),
        ("tx: hidden(&mut sqlx::Transaction<'_, sqlx::MySql>)", "MySqlConnection"),
        ("tx: &mut hidden(Transaction<'_, hidden(Sqlite)>)", "SqliteConnection"),
    ] {
        for (strategy, write) in [
            ("db", "write `tx = tx`"),
            ("setnx", "write `strategy = \"db\", tx = tx`"),
            ("count", "write `strategy = \"db\", tx = tx`"),
        ] {
            let told = taking(&format!("strategy = \"{strategy}\""), parameter);
            assert_eq!(told.len(), 1, "{parameter}: {told:?}");
            assert!(told[0].contains(write), "{told:?}");
            assert!(told[0].ends_with(&format!("take `&mut {connection}`")), "{told:?}");
        }
    }
    // Each is told once, by what else is wrong with it.
    for options in [
        "strategy = \"state\"",
        "strategy = \"setnx\", tx = tx",
        "strategy = \"db\", tx = \"tx\"",
        "strategy = \"db\", transaction = tx",
        "strategy = \"none\"",
    ] {
        let told = taking(options, "tx: &mut PgTransaction<'_>");
        assert_eq!(told.len(), 1, "{options}: {told:?}");
        assert!(!told[0].starts_with("the caller may"), "{options}: {told:?}");
    }
}

#[test]
fn an_entity_that_may_be_another_in_each_call_is_left_alone() {
    let moving = |entity: &str| {
        told(&format!(
            "#[idempotent(
                 key = \"pay:{{callback}}\", strategy = \"state\", transition = A::B => A::C,
                 entity = {entity}, tx = tx
             )]
             async fn pay(tx: &mut T, callback: &str, order: &Order) -> Result<u64, Error> {{ Ok(1) }}"
        ))
    };
    for entity in [
        "order.id",
        "callback",
        "order.id + 1",
        "BASE + order.id",
        "id_of(order)",
        "current()",
        "CURRENT.get()",
        "ORDER",
        "BASE + 7",
        "SHOP.order",
        "i64::from(7)",
        "format!(\"{callback}\")",
    ] {
        assert_eq!(moving(entity), Vec::<String>::new(), "{entity}");
    }
    for entity in ["7", "\"A-1\"", "&-7", "(1 + 6) as i64", "\"A\".to_owned()"] {
        let told = moving(entity);
        assert_eq!(told.len(), 1, "{entity}: {told:?}");
        assert!(
            told[0].ends_with("such as `entity = callback`, or a constant if there is one row"),
            "{told:?}"
        );
    }
}

#[test]
fn what_only_comes_with_a_token_is_left_alone() {
    let paying = |key: &str, values: &str| {
        told(&format!(
            "#[idempotent(
                 key = \"pay:{key}\", strategy = \"token\", token = req.token, fingerprint({values})
             )]
             async fn pay(id: u64, req: Request) -> Result<u64, Error> {{ Ok(id) }}"
        ))
    };
    assert_eq!(paying("{id}", "req.amount"), Vec::<String>::new());
    assert_eq!(paying("{req.id}", "req"), Vec::<String>::new());
    assert_eq!(paying("{id}", "req.amount, req.token").len(), 1);
    assert_eq!(paying("{id}:{req.token.as_str()}", "req.amount").len(), 1);
}
