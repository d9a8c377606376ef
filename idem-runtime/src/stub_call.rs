//! TEMPORARY: stands in for the engine until it is merged, so that expansions type-check.
#![allow(missing_docs, clippy::todo, clippy::unused_async)]

use crate::key::Key;
use crate::returns::Returns;
use crate::site::Site;

#[derive(Debug, Clone)]
pub struct Idem(());

impl Idem {
    #[must_use]
    pub fn in_memory() -> Self {
        Self(())
    }
}

pub async fn call<R, F: Future<Output = R>>(
    _site: &'static Site,
    _engine: Option<Idem>,
    _key: Key,
    _returns: Returns<R>,
    _body: F,
) -> R {
    todo!("the engine")
}

pub fn call_detached<R: Send + 'static, F: Future<Output = R> + Send + 'static>(
    _site: &'static Site,
    _engine: Option<Idem>,
    _key: Key,
    _returns: Returns<R>,
    _body: F,
) -> impl Future<Output = R> {
    async { todo!("the engine") }
}
