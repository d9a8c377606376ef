//! What the macros' code calls. Not for people: no promise holds here.

#[path = "crash.rs"]
pub mod crash;

use std::future::Future;

use crate::call;
use crate::engine::Idem;
use crate::error::Error;
use crate::key::Key;
pub use crate::key::origin::{Compared, Made, Origin, Parts, Scoped};
pub use crate::key::{Comparable, KeyWriter, Print};
use crate::returns::Returns;
pub use crate::returns::{Failures, Guarded, GuardedByFrom, Natural, NotStored, Probe};
pub use crate::site::Site;
pub use crate::transaction::Joins;

/// A call of an annotated function. `engine`: the one that it names, else the task's or the
/// installed one.
pub fn call<R, F>(
    site: &'static Site,
    engine: Option<Idem>,
    key: Key,
    returns: Returns<R>,
    body: F,
) -> impl Future<Output = R>
where
    F: Future<Output = R>,
{
    call::call(resolve(site, engine), site.plan(), key, returns, body)
}

/// The same for `on_cancel = "finish"`.
pub fn call_detached<R, F>(
    site: &'static Site,
    engine: Option<Idem>,
    key: Key,
    returns: Returns<R>,
    body: F,
) -> impl Future<Output = R>
where
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    call::call_detached(resolve(site, engine), site.plan(), key, returns, body)
}

pub(crate) fn resolve(site: &'static Site, engine: Option<Idem>) -> Result<Idem, Error> {
    let idem = engine.map_or_else(Idem::current, Ok)?;
    idem.register(site)?;
    Ok(idem)
}
