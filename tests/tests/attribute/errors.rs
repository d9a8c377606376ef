//! The error types that users have: each carries what the guard has to say.

use std::error::Error as StdError;
use std::io;

use idem::{Error, Idem, idempotent};

#[idempotent(key = "anyhow:{id}", strategy = "setnx")]
async fn by_anyhow(id: u8) -> anyhow::Result<u8> {
    Err(anyhow::anyhow!("declined {id}"))
}

#[idempotent(key = "eyre:{id}", strategy = "setnx")]
async fn by_eyre(id: u8) -> eyre::Result<u8> {
    Err(eyre::eyre!("declined {id}"))
}

#[idempotent(key = "boxed:{id}", strategy = "setnx")]
async fn by_box(id: u8) -> Result<u8, Box<dyn StdError + Send + Sync>> {
    Err(format!("declined {id}").into())
}

#[derive(Debug, thiserror::Error)]
enum Enum {
    #[error("declined {0}")]
    Declined(u8),
    #[error(transparent)]
    Guard(#[from] Error),
}

#[idempotent(key = "enum:{id}", strategy = "setnx")]
async fn by_enum(id: u8) -> Result<u8, Enum> {
    Err(Enum::Declined(id))
}

#[idempotent(key = "constructor:{id}", strategy = "setnx", map_err = Enum::Guard)]
async fn by_constructor(id: u8) -> Result<u8, Enum> {
    Err(Enum::Declined(id))
}

fn to_io(error: Error) -> io::Error {
    io::Error::other(error)
}

#[idempotent(key = "foreign:{id}", strategy = "setnx", map_err = to_io)]
async fn by_map_err(id: u8) -> io::Result<u8> {
    Err(io::Error::other(format!("declined {id}")))
}

#[idempotent(key = "closed:{id}", strategy = "setnx", map_err = io::Error::other)]
async fn by_generic_map_err(id: u8) -> io::Result<u8> {
    Err(io::Error::other(format!("declined {id}")))
}

/// Without an engine the guard refuses; with one the body's own error comes unchanged.
macro_rules! carries {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            let refused = super::$name(7).await.unwrap_err();
            assert_eq!(refused.to_string(), Error::NotInstalled.to_string());
            for _ in 0..2 {
                let own = Idem::in_memory().scope(super::$name(7)).await.unwrap_err();
                assert_eq!(own.to_string(), "declined 7");
            }
        }
    )*};
}

mod carried_by {
    use super::{Error, Idem};

    carries! { by_anyhow by_eyre by_box by_enum by_constructor by_map_err by_generic_map_err }
}

/// What the guard said can be asked, through whatever carries it.
#[tokio::test]
async fn what_is_carried_can_be_asked() {
    let code = |error: &(dyn StdError + 'static)| error.downcast_ref::<Error>().map(Error::code);
    assert_eq!(
        by_anyhow(7).await.unwrap_err().downcast_ref::<Error>().map(Error::code),
        Some("not_installed")
    );
    assert_eq!(
        by_eyre(7).await.unwrap_err().downcast_ref::<Error>().map(Error::code),
        Some("not_installed")
    );
    assert_eq!(code(&*by_box(7).await.unwrap_err()), Some("not_installed"));
    assert_eq!(code(by_map_err(7).await.unwrap_err().get_ref().unwrap()), Some("not_installed"));
}
