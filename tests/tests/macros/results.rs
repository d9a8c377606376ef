//! The results that can be guarded.

use idem::{Codec, idempotent};
use serde::{Serialize, de::DeserializeOwned};

use super::shapes::Failure;

macro_rules! returns {
    ($($name:ident: $ty:ty = $value:expr;)*) => {$(
        #[idempotent(key = "result:{id}", strategy = "setnx")]
        async fn $name(id: u64) -> Result<$ty, Failure> {
            let _ = id;
            Ok($value)
        }
    )*};
}

returns! {
    unit: () = ();
    none: Option<u8> = None;
    zero: u64 = 0;
    no: bool = false;
    text: String = String::new();
    list: Vec<Option<Vec<u8>>> = Vec::new();
    tuple: (u8, String) = (0, String::new());
    boxed: Box<str> = "".into();
}

#[idempotent(key = "result:{id}", strategy = "setnx")]
async fn boxed_error(id: u64) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let parsed: u64 = "7".parse()?;
    Ok(id + parsed)
}

#[idempotent(key = "result:{id}", strategy = "setnx")]
async fn own_error(id: u64) -> Result<u64, idem::Error> {
    Ok(id)
}

#[idempotent(key = "result:{id}", strategy = "setnx")]
async fn generic<T, E>(id: u64, make: fn() -> Result<T, E>) -> Result<T, E>
where
    T: Serialize + DeserializeOwned,
    E: From<idem::Error>,
{
    make()
}

/// A type without serde, and a codec for it.
struct Opaque;

struct Own;

impl Codec<Opaque> for Own {
    const NAME: &'static str = "own";

    fn encode(_: &Opaque, _: &mut Vec<u8>) -> Result<(), idem::Source> {
        Ok(())
    }

    fn decode(_: &[u8]) -> Result<Opaque, idem::Source> {
        Ok(Opaque)
    }
}

#[idempotent(key = "result:{id}", strategy = "setnx", codec = Own)]
async fn own_codec(id: u64) -> Result<Opaque, Failure> {
    let _ = id;
    Ok(Opaque)
}
