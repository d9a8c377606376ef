//! No name of the user's is taken for one of the macro's, and the strictest lints of the compiler
//! find nothing in an expansion.
#![deny(
    warnings,
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    let_underscore_drop,
    meta_variable_misuse,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    variant_size_differences
)]
#![forbid(unsafe_code)]

use std::borrow::Cow;

use idem::{Error, Idem, KeyPart, OnErr, idempotent};
use serde::{Serialize, de::DeserializeOwned};

/// The names that an expansion binds.
#[allow(non_snake_case, clippy::too_many_arguments)]
#[idempotent(
    key = "names:{site}:{SITE}:{key}:{engine}:{returns}:{writer}:{part_0}:{error}:{value}:{origins}",
    strategy = "setnx",
    engine = idem,
    on_err = judge,
    map_err = convert,
    fingerprint(key, body, result)
)]
async fn names(
    site: u8,
    SITE: u8,
    key: u8,
    engine: u8,
    returns: u8,
    writer: u8,
    part_0: u8,
    error: String,
    value: &Newtype,
    origins: u8,
    body: u8,
    result: u8,
    idem: &Idem,
) -> Result<u8, Error> {
    let numbers = [site, SITE, key, engine, returns, writer, part_0, origins, body, result];
    drop((error, value));
    Ok(numbers.iter().sum())
}

const fn judge(_: &Error) -> OnErr {
    OnErr::Hold
}

const fn convert(error: Error) -> Error {
    error
}

#[derive(KeyPart, Clone, Copy, Debug)]
struct Newtype(u64);

/// The names that an expansion could take from the scope.
mod shadowed {
    #![allow(dead_code, non_camel_case_types, reason = "they only stand in the way")]

    type Option = u8;
    type Result = u8;
    struct String;
    struct Box;
    mod core {}
    mod std {}
    mod idem {}

    #[::idem::idempotent(key = "shadowed:{id}", strategy = "setnx", fingerprint(n))]
    pub(super) async fn shadowed(id: u64, n: u64) -> ::core::result::Result<u64, ::idem::Error> {
        Ok(id + n)
    }
}

#[no_implicit_prelude]
mod bare {
    #[::idem::idempotent(key = "bare:{id}", strategy = "setnx", fingerprint(n))]
    pub(super) async fn bare(id: u64, n: u64) -> ::std::result::Result<u64, ::idem::Error> {
        ::std::result::Result::Ok(id + n)
    }
}

#[cfg_attr(not(any()), idempotent(key = "changed:{name}", strategy = "setnx"))]
async fn changed(name: &mut String) -> Result<usize, Error> {
    name.push('x');
    Ok(name.len())
}

trait Go<A> {
    async fn go(&self, a: A) -> Result<A, Error>;
}

impl<A: Serialize + DeserializeOwned + KeyPart> Go<A> for Newtype {
    #[idempotent(key = "go:{self}:{a}", strategy = "setnx")]
    async fn go(&self, a: A) -> Result<A, Error> {
        Ok(a)
    }
}

#[idempotent(
    key = "long:{a}:{b.0}:{b.1.0}:{b.1.1}:{c.len()}:{c.trim().len()}:{c.trim_start().len()}:{c.trim_end().len()}\
           :{a.count_ones()}:{a.count_zeros()}:{a.leading_zeros()}:{a.trailing_zeros()}",
    strategy = "setnx"
)]
async fn long(a: u8, b: (u8, (u8, u8)), c: Cow<'_, str>) -> Result<(), Error> {
    drop((a, b, c));
    Ok(())
}

#[idempotent(key = "bound:{id}:{a}", strategy = "setnx")]
async fn bound(id @ 0..=u64::MAX: u64, &(ref a, b): &(String, u8)) -> Result<u64, Error> {
    if b > 3 {
        return Ok(id);
    }
    Ok(id + u64::from(b) + a.len() as u64)
}

#[test]
fn futures_are_made() {
    let (idem, value) = (Idem::in_memory(), Newtype(1));
    drop(names(1, 1, 1, 1, 1, 1, 1, String::new(), &value, 1, 1, 1, &idem));
    drop(shadowed::shadowed(1, 2));
    drop(bare::bare(1, 2));
    drop(changed(&mut String::new()));
    drop(value.go(1));
    drop(long(1, (1, (1, 1)), "".into()));
    drop(bound(1, &(String::new(), 1)));
}
