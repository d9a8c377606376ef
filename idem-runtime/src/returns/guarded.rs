//! What the attribute asks of a return type, in such a way that each mistake is told once.

#![allow(clippy::unused_self, reason = "method lookup needs a receiver")]

use std::marker::PhantomData;

use super::{ReplayFailure, Return, Returns};
use crate::codec::Codec;
use crate::error::{Error, Source};
use crate::plan::OnErr;

/// A return type of which the attribute asks all that it needs: `C` stores successes, `X` failures.
///
/// It is one trait, and not a bound for each, so that a type that is no `Result` is told once.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent]` can't guard a function that returns `{Self}`",
    label = "not a `Result`",
    note = "return `Result<T, E>`: a duplicate may have to be told that the first call is still in \
            flight, and only `E` can carry that; with the feature `axum` also `Response`"
)]
pub trait Guarded<C, X>: Return {
    /// How it is refused and stored.
    fn returns(codec: PhantomData<C>, refuse: fn(Error) -> Self) -> Returns<Self>;
}

impl<T, E, C: Codec<T>, X: FailureCodec<E>> Guarded<C, X> for Result<T, E> {
    fn returns(_: PhantomData<C>, refuse: fn(Error) -> Self) -> Returns<Self> {
        let mut returns = Returns::new(refuse).failing_by::<C>();
        if C::NAME != NOT_STORED {
            returns = returns.replay::<C>();
        }
        if X::NAME != NOT_STORED {
            returns = returns.replay_failures::<X>();
        }
        returns
    }
}

/// [`Guarded`], where an [`Error`] becomes the failure by `From`.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent]` can't guard a function that returns `{Self}`",
    label = "not a `Result`",
    note = "return `Result<T, E>`: a duplicate may have to be told that the first call is still in \
            flight, and only `E` can carry that; with the feature `axum` also `Response`"
)]
pub trait GuardedByFrom<C, X>: Return {
    /// How it is refused and stored.
    fn returns(codec: PhantomData<C>) -> Returns<Self>;
}

impl<T, E: Carries, C: Codec<T>, X: FailureCodec<E>> GuardedByFrom<C, X> for Result<T, E> {
    fn returns(codec: PhantomData<C>) -> Returns<Self> {
        <Self as Guarded<C, X>>::returns(codec, |error| Err(E::carry(error)))
    }
}

/// Finds the codec of a function that names none, by method lookup: an HTTP value has one of its
/// own, everything else is stored as JSON by serde. Bounds can't tell the two apart: for all the
/// compiler knows, a later axum could implement serde's traits for its own `Json`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Natural<R>(BySerde<R>);

/// The same for what is no HTTP value.
#[doc(hidden)]
#[derive(Debug)]
pub struct BySerde<R>(PhantomData<R>);

impl<R> Natural<R> {
    /// The question.
    pub const NEW: Self = Self(BySerde(PhantomData));
}

#[cfg(feature = "axum")]
impl<R: crate::http::HttpReturn> Natural<R> {
    /// The codec of HTTP values.
    #[must_use]
    pub const fn stored(&self) -> PhantomData<crate::http::Http> {
        PhantomData
    }

    /// The codec of HTTP values that are not stored.
    #[must_use]
    pub const fn not_stored(&self) -> PhantomData<crate::http::HttpNotStored> {
        PhantomData
    }
}

impl<R> std::ops::Deref for Natural<R> {
    type Target = BySerde<R>;

    fn deref(&self) -> &BySerde<R> {
        &self.0
    }
}

impl<R> BySerde<R> {
    /// JSON by serde.
    #[must_use]
    pub const fn stored(&self) -> PhantomData<crate::Json> {
        PhantomData
    }

    /// None.
    #[must_use]
    pub const fn not_stored(&self) -> PhantomData<NotStored> {
        PhantomData
    }
}

/// A [`Codec`] of failures: its remedies are others than a result's.
#[diagnostic::on_unimplemented(
    message = "an error of type `{E}` can't be stored, as `on_err = \"store\"` asks",
    label = "can't be stored by `{Self}`",
    note = "`Json` stores an error of your own that derives `serde::Serialize` and \
            `serde::Deserialize`, with `#[serde(skip)]` on the variant that carries `idem::Error`, \
            which is never stored itself; a codec of your own, named by `codec = …`, what it \
            implements `idem::Codec<{E}>` for; or write `on_err = \"hold\"` or `\"release\"`"
)]
pub trait FailureCodec<E>: Codec<E> {}

#[diagnostic::do_not_recommend]
impl<E, C: Codec<E>> FailureCodec<E> for C {}

/// The codec of what is not stored.
#[derive(Debug)]
pub struct NotStored;

/// Its name, which no record has, and no other codec.
pub(crate) const NOT_STORED: &str = "idem: not stored";

#[diagnostic::do_not_recommend]
impl<T> Codec<T> for NotStored {
    const NAME: &'static str = NOT_STORED;

    fn encode(_: &T, _: &mut Vec<u8>) -> Result<(), Source> {
        Err("not stored".into())
    }

    fn decode(_: &[u8]) -> Result<T, Source> {
        Err("not stored".into())
    }
}

/// An error type that an [`Error`] becomes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't carry an `idem::Error`, which tells a duplicate why it has no result",
    label = "no `From<idem::Error>`",
    note = "name a function by `map_err = …`, or for an error of your own write `impl From<idem::Error> for {Self}`"
)]
pub trait Carries {
    /// The error that says `error`.
    fn carry(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> Carries for E {
    fn carry(error: Error) -> Self {
        E::from(error)
    }
}

/// Finds out whether a codec `C` can store the failures of `R`, without asking for it: by method
/// lookup, which passes over a method whose bounds do not hold.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failures<R, C>(NoFailures<R>, PhantomData<C>);

/// Failures that can't be stored.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoFailures<R>(PhantomData<R>);

impl<R, C> Failures<R, C> {
    /// The question.
    pub const NEW: Self = Self(NoFailures(PhantomData), PhantomData);
}

impl<R: ReplayFailure<C>, C> Failures<R, C> {
    /// They can.
    pub fn stored(&self, returns: Returns<R>) -> Returns<R> {
        returns.replay_failures::<C>()
    }
}

impl<R, C> std::ops::Deref for Failures<R, C> {
    type Target = NoFailures<R>;

    fn deref(&self) -> &NoFailures<R> {
        &self.0
    }
}

impl<R> NoFailures<R> {
    /// They can't.
    #[allow(clippy::must_use_candidate, reason = "`Returns` is `must_use`")]
    pub const fn stored(&self, returns: Returns<R>) -> Returns<R> {
        returns
    }
}

/// Takes failures out of an `R`, and puts them in, if it has any. A type that has none is refused
/// by [`Guarded`]; here it is passed over, so that it is told once.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<R>(NoProbe<R>);

/// The same for a type without failures.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoProbe<R>(PhantomData<R>);

impl<R> Probe<R> {
    /// The question.
    pub const NEW: Self = Self(NoProbe(PhantomData));
}

impl<R: Return> Probe<R> {
    /// What `judge` says of the failure that a value is.
    pub fn on_err(&self, value: &R, judge: fn(&R::Failure) -> OnErr) -> Option<OnErr> {
        value.failure().map(judge)
    }

    /// The value that carries what an error becomes.
    pub fn map_err(&self, error: Error, convert: fn(Error) -> R::Failure) -> R {
        R::refused(convert(error))
    }
}

impl<R> std::ops::Deref for Probe<R> {
    type Target = NoProbe<R>;

    fn deref(&self) -> &NoProbe<R> {
        &self.0
    }
}

impl<R> NoProbe<R> {
    /// Nothing.
    #[must_use]
    pub fn on_err<J>(&self, _: &R, _: J) -> Option<OnErr> {
        None
    }

    /// Never called: no type without failures compiles.
    ///
    /// # Panics
    ///
    /// Always.
    #[must_use]
    pub fn map_err<C>(&self, _: Error, _: C) -> R {
        unreachable!("a type without failures is refused by the compiler")
    }
}
