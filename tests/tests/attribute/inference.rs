//! A body is typed as ever: `?`, `.into()`, `.parse()`, `return`.

use std::num::ParseIntError;

use idem::{Error, Idem, idempotent};

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Guard(#[from] Error),
    #[error(transparent)]
    Parse(#[from] ParseIntError),
}

#[idempotent(key = "inference:{text}", strategy = "setnx")]
async fn inference(text: &str) -> Result<u64, Failure> {
    let number = text.parse()?;
    if number == 1 {
        return Ok(text.len().try_into().unwrap_or_default());
    }
    if number == 2 {
        return Err(Error::NotInstalled.into());
    }
    if number == 3 {
        Err(Error::NotInstalled)?;
    }
    let value = 10_u8.into();
    Ok(std::cmp::max(number, value))
}

#[tokio::test]
async fn each_way_out_of_a_body_is_its_answer() {
    let idem = Idem::in_memory();
    let call = |text| idem.scope(inference(text));
    for _ in 0..2 {
        assert!(matches!(call("x").await, Err(Failure::Parse(_))));
        assert_eq!(call("1").await.unwrap(), 1);
        for text in ["2", "3"] {
            assert!(matches!(call(text).await, Err(Failure::Guard(Error::NotInstalled))), "{text}");
        }
        assert_eq!(call("4").await.unwrap(), 10);
        assert_eq!(call("44").await.unwrap(), 44);
    }
}

#[idempotent(key = "collected:{n}", strategy = "setnx")]
async fn collected(n: u8) -> Result<Vec<(u8, String)>, Error> {
    Ok((0..n).map(|n| (n, n.to_string())).collect())
}

#[tokio::test]
async fn a_collection_is_of_the_declared_type() {
    let idem = Idem::in_memory();
    for _ in 0..2 {
        assert_eq!(idem.scope(collected(1)).await.unwrap(), [(0, "0".to_owned())]);
    }
}

type Answer<T = ()> = Result<T, Failure>;

#[idempotent(key = "alias:{n}", strategy = "setnx")]
async fn alias(n: u8) -> Answer {
    if n > 3 {
        return Ok(());
    }
    Err(Error::NotInstalled.into())
}

#[tokio::test]
async fn an_alias_of_a_result_is_one() {
    let idem = Idem::in_memory();
    for _ in 0..2 {
        idem.scope(alias(4)).await.unwrap();
        idem.scope(alias(1)).await.unwrap_err();
    }
}
