//! A call in its caller's transaction, from its question to its answer.

use std::future::Future;
use std::sync::Arc;

use tracing::{Instrument as _, Span};

use super::OpenTransaction;
use super::ask::{Asked, ask};
use super::held::Held;
use crate::answer::refuse;
use crate::attempt::Attempt;
use crate::engine::Idem;
use crate::key::Key;
use crate::observe::{self, Watch};
use crate::plan::Plan;
use crate::returns::Returns;

/// A call that has the right to run, in a transaction inside of its caller's. Dropped, it has not
/// happened: claim and writes are undone, whatever the caller does next.
#[must_use]
pub struct Joined<'t, R, T: OpenTransaction> {
    held: Held<'t, T>,
    plan: Plan,
    returns: Returns<R>,
    watch: Watch,
    span: Span,
}

/// Asks for the right to run; `Err` is the answer of a call that has it not.
pub(crate) async fn join<'t, R, T: OpenTransaction>(
    idem: &Idem,
    plan: Plan,
    key: &Key,
    returns: Returns<R>,
    transaction: &'t mut T,
) -> Result<Joined<'t, R, T>, R> {
    let watch = Watch::start(key.operation_name(), plan.meters);
    let name = idem.name(key);
    let span = observe::span(key.operation(), &name);
    let asking = ask(idem, plan, key, &name, returns, transaction);
    let answer = match asking.instrument(span.clone()).await {
        Ok(Asked::Run(held)) => return Ok(Joined { held, plan, returns, watch, span }),
        Ok(Asked::Replay(stored)) => span.in_scope(|| stored.answer(key, returns)),
        Err(error) => refuse(error, returns),
    };
    Err(watch.answered(&span, answer))
}

impl<R, T: OpenTransaction> Joined<'_, R, T> {
    /// The caller's handle on its transaction, for as long as the body runs, and what runs the body.
    pub fn body(&mut self) -> (&mut T, Body) {
        let flight = self.held.flight();
        let (attempt, span) = (Attempt::of(flight), self.span.clone());
        (self.held.transaction(), Body { attempt, span })
    }

    /// Settles the key with what the body came to, and answers.
    pub async fn settle(self, value: R) -> R {
        let Self { held, plan, returns, watch, span } = self;
        let settling = async {
            let value = returns.prepared(std::future::ready(value), held.max_result()).await;
            if (returns.failed)(&value) {
                return (value, held.undo().await, None);
            }
            match held.complete(&value, &plan, &returns).await {
                Ok(outcome) => (value, outcome, None),
                Err(error) => refuse(error, returns),
            }
        };
        let answer = settling.instrument(span.clone()).await;
        watch.answered(&span, answer)
    }
}

/// Runs one body as its attempt's, under its call's span.
#[must_use]
pub struct Body {
    attempt: Attempt,
    span: Span,
}

impl Body {
    /// Runs it.
    pub async fn run<F: Future>(self, body: F) -> F::Output {
        let Self { attempt, span } = self;
        let flight = Arc::clone(attempt.flight());
        let running = async {
            observe::attempt(flight.number, flight.fence);
            attempt.scope(body).await
        };
        running.instrument(span).await
    }
}
