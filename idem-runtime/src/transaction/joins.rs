//! How the compiler is asked whether a call joins an open transaction. What is none is refused by one
//! bound elsewhere; here it is passed over, so that it is told once.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;

use crate::engine::Idem;
use crate::key::Key;
use crate::returns::Returns;
use crate::site::Site;

/// Asks for the right to run in the caller's transaction, if `T` is one: by method lookup, which
/// passes over a method whose bounds do not hold.
#[derive(Debug)]
pub struct Joins<T>(Nothing<T>);

/// The same for what is no transaction.
#[derive(Debug)]
pub struct Nothing<T>(PhantomData<fn(T)>);

impl<T> Joins<T> {
    /// The question.
    #[must_use]
    pub const fn of(_: &T) -> Self {
        Self(Nothing(PhantomData))
    }
}

impl<T> std::ops::Deref for Joins<T> {
    type Target = Nothing<T>;

    fn deref(&self) -> &Nothing<T> {
        &self.0
    }
}

#[cfg(feature = "_sql")]
impl<T: super::OpenTransaction> Joins<T> {
    /// Asks.
    ///
    /// # Errors
    ///
    /// The answer of a call that has not the right to run.
    pub async fn ask<'t, R>(
        self,
        site: &'static Site,
        engine: Option<Idem>,
        key: Key,
        returns: Returns<R>,
        transaction: &'t mut T,
    ) -> Result<super::Joined<'t, R, T>, R> {
        match crate::__private::resolve(site, engine) {
            Ok(idem) => super::join(&idem, site.plan(), &key, returns, transaction).await,
            Err(error) => Err(crate::call::refused(&key, returns, error)),
        }
    }
}

#[allow(clippy::unused_async, clippy::unused_self, reason = "as of a transaction")]
impl<T> Nothing<T> {
    /// Never called: it does not compile.
    ///
    /// # Panics
    ///
    /// Always.
    pub async fn ask<'t, R>(
        &self,
        _: &'static Site,
        _: Option<Idem>,
        _: Key,
        _: Returns<R>,
        _: &'t mut T,
    ) -> Result<Never<'t, R, T>, R> {
        unreachable!("what is no transaction is refused by the compiler")
    }
}

/// A call in no transaction.
#[derive(Debug)]
pub struct Never<'t, R, T>(Infallible, PhantomData<(&'t mut T, R)>);

#[allow(clippy::unused_async, reason = "as of a transaction")]
impl<R, T> Never<'_, R, T> {
    /// Nothing.
    pub fn body(&mut self) -> (&mut T, NeverBody) {
        match self.0 {}
    }

    /// Nothing.
    pub async fn settle(self, _: R) -> R {
        match self.0 {}
    }
}

/// The body of a call in no transaction.
#[derive(Debug)]
pub struct NeverBody(Infallible);

#[allow(clippy::unused_async, reason = "as of a transaction")]
impl NeverBody {
    /// Nothing.
    pub async fn run<F: Future>(self, _: F) -> F::Output {
        match self.0 {}
    }
}
