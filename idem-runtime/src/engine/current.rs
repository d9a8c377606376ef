//! Which engine a call takes that names none: the task's, else the installed one.

use std::future::Future;
use std::sync::OnceLock;

use super::Idem;
use crate::error::Error;

static INSTALLED: OnceLock<Idem> = OnceLock::new();

tokio::task_local! {
    static SCOPED: Idem;
}

impl Idem {
    /// Makes this the engine of every guarded call in this process that names no other.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when one is installed already.
    ///
    /// ```no_run
    /// # async fn main_() -> Result<(), idem::Error> {
    /// let idem = idem::Idem::builder().redis("redis://127.0.0.1/").build().await?;
    /// idem.install()?;
    /// # Ok(()) }
    /// ```
    pub fn install(&self) -> Result<(), Error> {
        INSTALLED.set(self.clone()).map_err(|_| {
            Error::config(
                "an engine is installed already; install one at start-up, and scope others by \
                 `idem.scope(future)`",
            )
        })
    }

    /// Makes this the engine of `future` and of all that it awaits; not of tasks that it spawns.
    ///
    /// ```
    /// # use idem::{Idem, idempotent};
    /// #[idempotent(key = "greet:{name}", strategy = "setnx")]
    /// async fn greet(name: &str) -> Result<String, idem::Error> {
    ///     Ok(format!("hello, {name}"))
    /// }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let greeting = Idem::in_memory().scope(greet("ada")).await?;
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        SCOPED.scope(self.clone(), future)
    }

    /// The engine of a call that names none.
    ///
    /// # Errors
    ///
    /// [`Error::NotInstalled`] when there is none.
    pub fn current() -> Result<Self, Error> {
        Self::scoped().or_else(|| INSTALLED.get().cloned()).ok_or(Error::NotInstalled)
    }

    pub(super) fn scoped() -> Option<Self> {
        SCOPED.try_with(Clone::clone).ok()
    }
}
