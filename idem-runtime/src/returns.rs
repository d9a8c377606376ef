//! What the path has to know of a function's return type.

use std::marker::PhantomData;

use crate::codec::Codec;
use crate::error::{Error, Source};
use crate::plan::OnErr;

/// A return type that a guarded function can have: `Result<T, E>`, also behind an alias.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent]` can't guard a function that returns `{Self}`",
    label = "not a `Result`",
    note = "return `Result<T, E>`: a duplicate may have to be told that the first call is still in \
            flight, and only `E` can carry that"
)]
pub trait Return: Sized {
    /// What carries an [`Error`] to the caller: `E` of `Result<T, E>`.
    type Failure;

    /// The failure that this value is, if it is one.
    fn failure(&self) -> Option<&Self::Failure>;

    /// The value that carries this failure.
    fn refused(failure: Self::Failure) -> Self;
}

impl<T, E> Return for Result<T, E> {
    type Failure = E;

    fn failure(&self) -> Option<&E> {
        self.as_ref().err()
    }

    fn refused(failure: E) -> Self {
        Err(failure)
    }
}

/// A return type whose successes a codec `C` can store.
#[diagnostic::on_unimplemented(
    message = "the result of `{Self}` can't be stored, so no duplicate could get it",
    label = "can't be stored by `{C}`"
)]
pub trait Replay<C>: Return {
    /// The codec's name, kept with every record.
    const CODEC: &'static str;

    /// Appends the encoded success to `out`. Not called for a failure.
    ///
    /// # Errors
    ///
    /// What will not encode.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Source>;

    /// Decodes a success.
    ///
    /// # Errors
    ///
    /// What will not decode.
    fn decode(bytes: &[u8]) -> Result<Self, Source>;
}

impl<T, E, C: Codec<T>> Replay<C> for Result<T, E> {
    const CODEC: &'static str = C::NAME;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Source> {
        match self {
            Ok(value) => C::encode(value, out),
            Err(_) => Err("a failure is not a success".into()),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, Source> {
        C::decode(bytes).map(Ok)
    }
}

/// A return type whose failures a codec `C` can store, for `on_err = "store"`.
pub trait ReplayFailure<C>: Return {
    /// Appends the encoded failure to `out`. Not called for a success.
    ///
    /// # Errors
    ///
    /// What will not encode.
    fn encode_failure(&self, out: &mut Vec<u8>) -> Result<(), Source>;

    /// Decodes a failure.
    ///
    /// # Errors
    ///
    /// What will not decode.
    fn decode_failure(bytes: &[u8]) -> Result<Self, Source>;
}

impl<T, E, C: Codec<E>> ReplayFailure<C> for Result<T, E> {
    fn encode_failure(&self, out: &mut Vec<u8>) -> Result<(), Source> {
        match self {
            Ok(_) => Err("a success is not a failure".into()),
            Err(failure) => C::encode(failure, out),
        }
    }

    fn decode_failure(bytes: &[u8]) -> Result<Self, Source> {
        C::decode(bytes).map(Err)
    }
}

/// A return type of which the attribute asks all that it needs: `C` stores successes, `X` failures.
///
/// It is one trait, and not a bound for each, so that a type that is no `Result` is told once.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent]` can't guard a function that returns `{Self}`",
    label = "not a `Result`",
    note = "return `Result<T, E>`: a duplicate may have to be told that the first call is still in \
            flight, and only `E` can carry that"
)]
pub trait Guarded<C, X>: Return {
    /// How it is refused and stored.
    fn returns(refuse: fn(Error) -> Self) -> Returns<Self>;
}

impl<T, E, C: Codec<T>, X: Codec<E>> Guarded<C, X> for Result<T, E> {
    fn returns(refuse: fn(Error) -> Self) -> Returns<Self> {
        let mut returns = Returns::new(refuse);
        if !C::NAME.is_empty() {
            returns = returns.replay::<C>();
        }
        if !X::NAME.is_empty() {
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
            flight, and only `E` can carry that"
)]
pub trait GuardedByFrom<C, X>: Return {
    /// How it is refused and stored.
    fn returns() -> Returns<Self>;
}

impl<T, E: Carries, C: Codec<T>, X: Codec<E>> GuardedByFrom<C, X> for Result<T, E> {
    fn returns() -> Returns<Self> {
        <Self as Guarded<C, X>>::returns(|error| Err(E::carry(error)))
    }
}

/// The codec of what is not stored.
#[derive(Debug)]
pub struct NotStored;

#[diagnostic::do_not_recommend]
impl<T> Codec<T> for NotStored {
    const NAME: &'static str = "";

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
    note = "write `impl From<idem::Error> for {Self}`, or name a function by `map_err = …`"
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
    /// The failure that a value is.
    #[must_use]
    pub fn failure<'a>(&self, value: &'a R) -> Option<&'a R::Failure> {
        value.failure()
    }

    /// The value that carries a failure.
    pub fn refused(&self, failure: R::Failure) -> R {
        R::refused(failure)
    }
}

impl<R> std::ops::Deref for Probe<R> {
    type Target = NoProbe<R>;

    fn deref(&self) -> &NoProbe<R> {
        &self.0
    }
}

impl<R> NoProbe<R> {
    /// None.
    #[must_use]
    pub const fn failure<'a, F>(&self, _: &'a R) -> Option<&'a F> {
        None
    }

    /// Never called: no type without failures compiles.
    ///
    /// # Panics
    ///
    /// Always.
    #[must_use]
    pub fn refused<F>(&self, _: F) -> R {
        unreachable!("a type without failures is refused by the compiler")
    }
}

type Encode<R> = fn(&R, &mut Vec<u8>) -> Result<(), Source>;
type Decode<R> = fn(&[u8]) -> Result<R, Source>;

/// How one kind of value (successes or failures) is stored.
#[derive(Debug)]
pub(crate) struct Form<R> {
    pub(crate) encode: Encode<R>,
    pub(crate) decode: Decode<R>,
}

/// How a function's return type is refused, judged, stored and replayed.
///
/// The attribute writes one from the function's signature and its options; code that calls
/// [`Idem::call_with`](crate::Idem::call_with) writes it itself. It holds plain functions, so that
/// the path through the runtime asks nothing of the type, and each mistake is told once.
///
/// ```
/// use idem::{Json, OnErr, Returns};
/// # #[derive(Debug)] struct PayError;
/// # impl From<idem::Error> for PayError { fn from(_: idem::Error) -> Self { PayError } }
///
/// let returns = Returns::<Result<u64, PayError>>::new(|error| Err(error.into()))
///     .replay::<Json>()
///     .on_err(|result| result.as_ref().err().map(|_| OnErr::Hold));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Returns<R> {
    pub(crate) refuse: fn(Error) -> R,
    pub(crate) failed: fn(&R) -> bool,
    pub(crate) judge: Option<fn(&R) -> Option<OnErr>>,
    pub(crate) codec: &'static str,
    pub(crate) success: Option<Form<R>>,
    pub(crate) failure: Option<Form<R>>,
}

// By hand: a derive would ask `R: Copy` of what holds functions of it only.
impl<R> Clone for Returns<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Returns<R> {}

impl<R> Clone for Form<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Form<R> {}

impl<R> Returns<R> {
    /// Results that are not stored; `refuse` makes an [`Error`] the function's own.
    pub const fn new(refuse: fn(Error) -> R) -> Self
    where
        R: Return,
    {
        Self {
            refuse,
            failed: |value| value.failure().is_some(),
            judge: None,
            codec: "",
            success: None,
            failure: None,
        }
    }

    /// Successes are stored by the codec `C`, and duplicates get them.
    pub const fn replay<C>(mut self) -> Self
    where
        R: Replay<C>,
    {
        self.codec = R::CODEC;
        self.success = Some(Form { encode: R::encode, decode: R::decode });
        self
    }

    /// Failures can be stored too, by the codec `C`. Whether one is, says the plan's `on_err`.
    pub const fn replay_failures<C>(mut self) -> Self
    where
        R: ReplayFailure<C>,
    {
        self.failure = Some(Form { encode: R::encode_failure, decode: R::decode_failure });
        self
    }

    /// The call whose body goes on when its caller is gone. The bounds are asked here, so that an
    /// error names a type that its reader knows.
    #[doc(hidden)]
    pub fn call_detached<F>(
        self,
        site: &'static crate::site::Site,
        engine: Option<crate::Idem>,
        key: crate::Key,
        body: F,
    ) -> impl Future<Output = R>
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        crate::__private::call_detached(site, engine, key, self, body)
    }

    /// Decides for each value what becomes of the claim, in place of the plan's `on_err`; `None`
    /// is a success.
    pub const fn on_err(mut self, judge: fn(&R) -> Option<OnErr>) -> Self {
        self.judge = Some(judge);
        self
    }
}
