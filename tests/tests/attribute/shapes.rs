//! Free functions, generic ones, and what other macros make of one: each runs once and replays.

use idem::{Error, Idem, KeyPart, idempotent};
use serde::{Serialize, de::DeserializeOwned};

use crate::support::Runs;

#[idempotent(key = "free:{id}", strategy = "setnx")]
async fn free(id: u64, runs: &Runs) -> Result<usize, Error> {
    let _ = id;
    Ok(runs.next())
}

#[tokio::test]
async fn a_free_function_runs_once_on_every_store() {
    for place in crate::every_store() {
        let (runs, elsewhere) = (Runs::default(), place.engine().await);
        let idem = place.engine().await;
        assert_eq!(idem.scope(free(1, &runs)).await.unwrap(), 1);
        assert_eq!(idem.scope(free(1, &runs)).await.unwrap(), 1);
        assert_eq!(elsewhere.scope(free(1, &runs)).await.unwrap(), 1, "as another process");
        assert_eq!(idem.scope(free(2, &runs)).await.unwrap(), 2, "another key");
        assert_eq!(runs.count(), 2);
    }
}

#[idempotent(key = "generic:{id}:{list.len()}", strategy = "setnx")]
async fn generic<'a, K, T, const N: usize>(
    id: &'a K,
    list: [T; N],
    runs: &Runs,
) -> Result<Vec<T>, Error>
where
    K: KeyPart + ?Sized + 'a,
    T: Serialize + DeserializeOwned + Clone,
{
    runs.next();
    let _ = id;
    Ok(list.to_vec())
}

/// C117: all instances are one function: they have one operation.
#[tokio::test]
async fn a_generic_function_is_one_whatever_its_types() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        assert_eq!(idem.scope(generic("a", [1, 2], &runs)).await.unwrap(), [1, 2]);
        let words = ["x".to_owned(), "y".to_owned(), "z".to_owned()];
        assert_eq!(idem.scope(generic(&7, words.clone(), &runs)).await.unwrap(), words);
    }
    assert_eq!(runs.count(), 2);
}

/// Another type under one key does not decode: it is told, not run.
#[tokio::test]
async fn an_instance_of_another_type_can_not_read_the_result() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    idem.scope(generic("a", ["x".to_owned()], &runs)).await.unwrap();
    let answer = idem.scope(generic("a", [1], &runs)).await;
    assert!(matches!(answer, Err(Error::Unreadable { .. })), "{answer:?}");
    assert_eq!(runs.count(), 1);
}

#[idempotent(key = "opaque:{id}", strategy = "setnx")]
async fn opaque(
    id: impl KeyPart,
    make: impl Fn() -> usize,
    to: impl Into<String>,
) -> Result<String, Error> {
    let _ = id;
    Ok(format!("{} {}", to.into(), make()))
}

/// C59, C117
#[tokio::test]
async fn arguments_of_opaque_types_are_taken() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        let answer = idem.scope(opaque(7_u8, || runs.next(), "to")).await;
        assert_eq!(answer.unwrap(), "to 1");
    }
}

// rustfmt indents the attribute further each time it comes by.
#[rustfmt::skip]
macro_rules! guarded {
    ($name:ident, $key:literal, $id:ident) => {
        #[idempotent(key = $key, strategy = "setnx", fingerprint($id, more))]
        async fn $name($id: u64, more: u8, hidden: &Runs) -> Result<usize, Error> {
            Ok(hidden.next())
        }
    };
}

guarded!(by_macro, "by_macro:{number}", number);

#[tokio::test]
async fn a_function_that_a_macro_writes_runs_once() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        assert_eq!(idem.scope(by_macro(7, 1, &runs)).await.unwrap(), 1);
    }
}

#[tracing::instrument(skip_all)]
#[idempotent(key = "span_of_runs:{id}", strategy = "setnx")]
async fn span_of_runs(id: u64, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

#[idempotent(key = "span_of_calls:{id}", strategy = "setnx")]
#[tracing::instrument(skip_all, err, ret)]
async fn span_of_calls(id: u64, runs: &Runs) -> Result<usize, Error> {
    Ok(runs.next())
}

/// C117: the order of the two attributes decides whether a replay is in the function's span, too.
#[test]
fn a_traced_function_runs_once() {
    crate::seen::watch(async |seen| {
        let (idem, runs) = (Idem::in_memory(), Runs::default());
        for _ in 0..2 {
            assert_eq!(idem.scope(span_of_runs(1, &runs)).await.unwrap(), 1);
        }
        for _ in 0..2 {
            assert_eq!(idem.scope(span_of_calls(1, &runs)).await.unwrap(), 2);
        }
        let log = seen.log();
        let closed = |end| log.lines().filter(|line| line.contains(end)).count();
        assert_eq!(closed(":span_of_runs: attribute::shapes: close"), 1, "{log}");
        assert_eq!(closed(" span_of_calls: attribute::shapes: close"), 2, "{log}");
    });
}

#[tokio::test]
async fn a_spawned_call_runs_once() {
    let idem = Idem::in_memory();
    for _ in 0..2 {
        let call = async { free(1, &Runs::default()).await };
        assert_eq!(tokio::spawn(idem.scope(call)).await.unwrap().unwrap(), 1);
    }
}
