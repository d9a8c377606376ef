//! What a guarded function may return, and how that is refused, judged, stored and replayed.
//!
//! Whoever makes calls by hand writes a [`Returns`], and names types that implement [`Replay`] by a
//! [`Codec`]. The rest is for the attribute, and its names are met in the compiler's messages.

mod guarded;

use std::future::poll_fn;
use std::task::{Context, Poll};

#[cfg(feature = "axum")]
pub(crate) use guarded::NOT_STORED;
pub use guarded::{
    Carries, FailureCodec, Failures, Guarded, GuardedByFrom, Natural, NotStored, Probe,
};

use crate::codec::Codec;
use crate::error::{Error, Source};
use crate::plan::OnErr;

/// A return type that a guarded function can have: `Result<T, E>`, also behind an alias; with the
/// feature `axum` also a `Response`.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent]` can't guard a function that returns `{Self}`",
    label = "not a `Result`",
    note = "return `Result<T, E>`: a duplicate may have to be told that the first call is still in \
            flight, and only `E` can carry that; with the feature `axum` also `Response`"
)]
pub trait Return: Sized {
    /// What carries an [`Error`] to the caller: `E` of `Result<T, E>`.
    type Failure;

    /// The failure that this value is, if it is one: what a path in `on_err` is asked about.
    fn failure(&self) -> Option<&Self::Failure>;

    /// Whether a word in `on_err` applies to this value.
    fn failed(&self) -> bool {
        self.failure().is_some()
    }

    /// Whether it is encoded as a failure, where failures are stored.
    fn is_err(&self) -> bool {
        self.failure().is_some()
    }

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

    /// Whether a word in `on_err` applies to this value: [`Return::failed`], and what the codec
    /// knows of a success.
    fn failed(&self) -> bool {
        Return::failed(self)
    }

    /// Makes a success ready to be encoded: [`Codec::poll_prepare`].
    fn poll_prepare(&mut self, _limit: usize, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
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

    fn failed(&self) -> bool {
        self.as_ref().map_or(true, C::is_failure)
    }

    fn poll_prepare(&mut self, limit: usize, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Ok(value) => C::poll_prepare(value, limit, context),
            Err(_) => Poll::Ready(()),
        }
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

type Encode<R> = fn(&R, &mut Vec<u8>) -> Result<(), Source>;
type Decode<R> = fn(&[u8]) -> Result<R, Source>;
type Prepare<R> = fn(&mut R, usize, &mut Context<'_>) -> Poll<()>;

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
    /// Whether a word in `on_err` applies.
    pub(crate) failed: fn(&R) -> bool,
    /// Whether it is encoded as a failure.
    is_err: fn(&R) -> bool,
    pub(crate) judge: Option<fn(&R) -> Option<OnErr>>,
    prepare: Prepare<R>,
    pub(crate) codec: Option<&'static str>,
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
            failed: R::failed,
            is_err: R::is_err,
            judge: None,
            prepare: |_, _, _| Poll::Ready(()),
            codec: None,
            success: None,
            failure: None,
        }
    }

    /// Successes are stored by the codec `C`, and duplicates get them.
    pub const fn replay<C>(mut self) -> Self
    where
        R: Replay<C>,
    {
        self = self.failing_by::<C>();
        self.codec = Some(R::CODEC);
        self.prepare = R::poll_prepare;
        self.success = Some(Form { encode: R::encode, decode: R::decode });
        self
    }

    /// A success that the codec calls a failure counts as one, also where it is not stored.
    const fn failing_by<C>(mut self) -> Self
    where
        R: Replay<C>,
    {
        self.failed = <R as Replay<C>>::failed;
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

    /// The same for a call that joins this transaction. The bound is asked here and nowhere else, for the
    /// same reason.
    #[doc(hidden)]
    pub const fn joining<T: crate::OpenTransaction>(self, _: &T) -> Self {
        self
    }

    /// What becomes of the claim after `value`; `None` is a success. `on_err` is the plan's.
    pub(crate) fn verdict(&self, value: &R, on_err: OnErr) -> Option<OnErr> {
        let judged = self.judge.and_then(|judge| judge(value));
        let verdict = judged.or_else(|| (self.failed)(value).then_some(on_err))?;
        // A value that is no failure by its type is stored as a success.
        (verdict != OnErr::Store || (self.is_err)(value)).then_some(verdict)
    }

    /// The body, and what makes its value ready to be stored.
    pub(crate) async fn prepared(self, body: impl Future<Output = R>, limit: usize) -> R {
        let mut value = body.await;
        poll_fn(|context| (self.prepare)(&mut value, limit, context)).await;
        value
    }

    /// Decides for each value what becomes of the claim, in place of the plan's `on_err`; for
    /// `None` that stands, as for a success.
    pub const fn on_err(mut self, judge: fn(&R) -> Option<OnErr>) -> Self {
        self.judge = Some(judge);
        self
    }
}
