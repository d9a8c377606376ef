//! What a key sees of the arguments, and what becomes of them in the body.

use idem::{Error, Idem, idempotent};
use serde::Deserialize;

use crate::support::Runs;

/// As axum's.
struct Json<T>(T);

#[derive(Deserialize)]
struct Pay {
    order: String,
    to: (u8, u8),
}

#[idempotent(
    key = "patterns:{req.order}:{req.to.1}:{a}:{number}:{first}",
    strategy = "setnx",
    fingerprint(b, req.to.0)
)]
async fn patterns(
    Json(req): Json<Pay>,
    (a, mut b): (u8, u8),
    Named { number, .. }: Named,
    [first, ..]: [u8; 2],
    runs: &Runs,
) -> Result<String, Error> {
    b += 1;
    Ok(format!("{} {a} {b} {number} {first} {}", req.order, runs.next()))
}

struct Named {
    number: u64,
    #[allow(dead_code, reason = "left out by the pattern")]
    rest: u8,
}

#[tokio::test]
async fn keys_and_fingerprints_see_what_patterns_bind() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    let call = |order: &str, to, a, b, number, first| {
        let req = Json(Pay { order: order.to_owned(), to });
        idem.scope(patterns(req, (a, b), Named { number, rest: 0 }, [first, 9], &runs))
    };
    for _ in 0..2 {
        assert_eq!(call("A", (1, 2), 3, 4, 5, 6).await.unwrap(), "A 3 5 5 6 1");
    }
    // Each part of the key tells calls apart.
    for (run, (order, to, a, number, first)) in [
        ("B", (1, 2), 3, 5, 6),
        ("A", (1, 3), 3, 5, 6),
        ("A", (1, 2), 4, 5, 6),
        ("A", (1, 2), 3, 6, 6),
        ("A", (1, 2), 3, 5, 7),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = call(order, to, a, 4, number, first).await.unwrap();
        assert!(answer.ends_with(&format!(" {}", run + 2)), "{answer}");
    }
    for (to, b) in [((2, 2), 4), ((1, 2), 5)] {
        let answer = call("A", to, 3, b, 5, 6).await;
        assert!(matches!(answer, Err(Error::Mismatch { .. })), "{answer:?}");
    }
}

#[idempotent(key = "by_cfg:{id}", strategy = "setnx")]
async fn by_cfg(
    #[cfg(any())] id: Missing,
    #[cfg(not(any()))] id: u64,
    #[cfg(any())] other: Missing,
    runs: &Runs,
) -> Result<usize, Error> {
    let _ = id;
    Ok(runs.next())
}

#[tokio::test]
async fn parameters_come_and_go_by_cfg() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        assert_eq!(idem.scope(by_cfg(1, &runs)).await.unwrap(), 1);
    }
}

#[idempotent(
    key = "changed:{name}:{list.len()}",
    strategy = "setnx",
    on_err = "release",
    fingerprint(name.len())
)]
async fn changed(mut name: String, list: &mut Vec<u8>, fails: bool) -> Result<String, Error> {
    name.push('!');
    list.push(1);
    let moved = name;
    if fails { Err(Error::NotInstalled) } else { Ok(moved) }
}

/// C53: completing and releasing hit the key as it was before the body.
#[tokio::test]
async fn a_body_that_changes_and_moves_its_arguments_settles_its_own_key() {
    for place in crate::every_store() {
        let idem = place.engine().await;
        let mut list = Vec::new();
        assert!(idem.scope(changed("a".to_owned(), &mut list, true)).await.is_err());
        assert_eq!(list, [1], "the body had the argument itself");
        assert_eq!(
            idem.scope(changed("a".to_owned(), &mut Vec::new(), false)).await.unwrap(),
            "a!",
            "released"
        );
        list.clear();
        assert_eq!(
            idem.scope(changed("a".to_owned(), &mut list, false)).await.unwrap(),
            "a!",
            "completed"
        );
        assert!(list.is_empty(), "not run");
    }
}

#[idempotent(key = "raw:{type}:{of.match}", strategy = "setnx")]
async fn raw(r#type: u8, of: &Raw, runs: &Runs) -> Result<usize, Error> {
    let _ = (r#type, of.r#match);
    Ok(runs.next())
}

struct Raw {
    r#match: bool,
}

#[tokio::test]
async fn names_may_be_keywords() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for (r#match, run) in [(true, 1), (false, 2), (true, 1)] {
        assert_eq!(idem.scope(raw(1, &Raw { r#match }, &runs)).await.unwrap(), run);
    }
}

#[idempotent(key = "empty:{name}", strategy = "setnx")]
async fn empty(name: &str, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

/// C45
#[tokio::test]
async fn an_empty_part_is_told_before_the_body_runs() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    let answer = idem.scope(empty("", &runs)).await;
    assert!(
        matches!(&answer, Err(Error::InvalidKey { reason, .. }) if reason.contains("{name}")),
        "{answer:?}"
    );
    assert_eq!(runs.count(), 0);
}
