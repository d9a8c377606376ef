//! How a call was answered, for callers who want to know.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

tokio::task_local! {
    static TOLD: Arc<Mutex<Option<Told>>>;
}

/// How a guarded call was answered, and the code of the error that it was refused with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "explored by tests"))]
    pub(crate) refusal: Option<&'static str>,
}

/// How a guarded call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The body ran.
    #[non_exhaustive]
    Ran {
        /// Which attempt on the key it was, from 1.
        attempt: u32,
        /// Whether the store is known to have what it came to: that it completed (with its result,
        /// where that can be stored), or that the key is free. `false` for a claim that is held. In
        /// a transaction of the caller's it is so once that has committed.
        stored: bool,
    },
    /// The stored result of an earlier call.
    #[non_exhaustive]
    Replayed {
        /// Since that call began, by the two callers' clocks.
        age: Duration,
    },
    /// The result of a call that was in flight, which this one waited for.
    Waited,
    /// An [`Error`](crate::Error).
    Refused,
    /// The body ran without a claim: the engine is disabled, or there was an outage and
    /// `on_outage = "run"`.
    Unguarded,
}

/// Runs a guarded call, and says how it was answered. A future that makes no guarded call counts as
/// [`Outcome::Unguarded`].
///
/// ```
/// use idem::{Idem, Outcome, Plan};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let idem = Idem::in_memory();
/// const PLAN: Plan = Plan::setnx();
/// let order = 7;
/// for _ in 0..2 {
///     let call = idem.call(&PLAN, idem::key!("ship:{order}"), async { Ok::<_, idem::Error>("sent".to_owned()) });
///     let (label, outcome) = idem::with_outcome(call).await;
///     println!("{} {outcome:?}", label?); // `sent Ran { … }`, then `sent Replayed { … }`
/// }
/// # Ok::<(), idem::Error>(()) }).unwrap();
/// ```
pub fn with_outcome<F: Future>(call: F) -> impl Future<Output = (F::Output, Outcome)> + use<F> {
    let told = with_told(call);
    async move {
        let (value, told) = told.await;
        (value, told.map_or(Outcome::Unguarded, |told| told.outcome))
    }
}

/// The same in full; `None` for a future that makes no guarded call.
pub(crate) fn with_told<F: Future>(
    call: F,
) -> impl Future<Output = (F::Output, Option<Told>)> + use<F> {
    let ear = Ear::default();
    // Boxed: awaited in place, the call's future would be kept twice.
    let call = ear.hear(Box::pin(call));
    async move {
        let value = call.await;
        (value, ear.told())
    }
}

/// Hears how a call was answered.
#[derive(Debug, Default)]
pub(crate) struct Ear(Arc<Mutex<Option<Told>>>);

impl Ear {
    pub(crate) fn hear<F: Future>(&self, call: F) -> impl Future<Output = F::Output> + use<F> {
        TOLD.scope(Arc::clone(&self.0), call)
    }

    pub(crate) fn told(&self) -> Option<Told> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whoever asked. A call within a call tells first, so the outer one has the last word.
pub(crate) fn tell(outcome: Outcome, refusal: Option<&'static str>) {
    let _ = TOLD.try_with(|told| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told { outcome, refusal });
    });
}
