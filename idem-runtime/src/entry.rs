//! The ways into the path that people write themselves. The attribute's are in `private`.

use std::future::Future;

use crate::call;
use crate::codec::Json;
use crate::engine::Idem;
use crate::error::Error;
use crate::key::Key;
use crate::plan::Plan;
use crate::returns::{Replay, Return, Returns};

impl Idem {
    /// Makes one guarded call: what the attribute is sugar for.
    ///
    /// The body runs if the key can be claimed; a duplicate gets the stored result. `body` is not
    /// polled otherwise. Registers nothing: several calls may share an operation.
    ///
    /// # Errors
    ///
    /// The body's own, and every [`Error`] through `E: From<Error>`.
    ///
    /// # Panics
    ///
    /// When the body does; the claim is then held till its lease lapses.
    ///
    /// ```
    /// use idem::{Idem, Plan};
    /// use std::time::Duration;
    ///
    /// const PLAN: Plan = Plan::setnx().ttl(Duration::from_secs(3600));
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let idem = Idem::in_memory();
    /// for order in [7, 8, 7] {
    ///     let key = idem::key!("ship:{order}").fingerprint(&("express", 2));
    ///     let label: String = idem.call(&PLAN, key, async { Ok::<_, idem::Error>("label".into()) }).await?;
    /// }
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    pub fn call<T, E, F>(
        &self,
        plan: &Plan,
        key: Key,
        body: F,
    ) -> impl Future<Output = Result<T, E>> + use<'_, T, E, F>
    where
        Result<T, E>: Replay<Json>,
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let returns = Returns::new(|error| Err(E::from(error))).replay::<Json>();
        self.call_with(plan, key, returns, body)
    }

    /// The same for return types, codecs and policies of one's own.
    ///
    /// # Panics
    ///
    /// When the body does.
    ///
    /// ```
    /// use idem::{Idem, Plan, Returns};
    ///
    /// /// A duplicate is told so, and no result is stored: `String` needs no serde.
    /// const PLAN: Plan = Plan::setnx().reject_duplicates();
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let idem = Idem::in_memory();
    /// let user = 7;
    /// let returns = Returns::<Result<String, idem::Error>>::new(Err);
    /// let sent = idem.call_with(&PLAN, idem::key!("mail:{user}"), returns, async { Ok("sent".into()) });
    /// assert_eq!(sent.await?, "sent");
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    pub fn call_with<R, F>(
        &self,
        plan: &Plan,
        key: Key,
        returns: Returns<R>,
        body: F,
    ) -> impl Future<Output = R> + use<'_, R, F>
    where
        F: Future<Output = R>,
    {
        // Boxed: a future that is passed on by value is kept once for each hand that it goes
        // through, and calls within calls would multiply that.
        call::call(self, *plan, key, returns, Box::pin(body))
    }

    /// The same for a body that goes on in its own task when the caller leaves: what
    /// `on_cancel = "finish"` is sugar for.
    ///
    /// # Panics
    ///
    /// When the body does.
    pub fn call_detached<R, F>(
        &self,
        plan: &Plan,
        key: Key,
        returns: Returns<R>,
        body: F,
    ) -> impl Future<Output = R> + use<'_, R, F>
    where
        R: Return + Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        call::call_detached(self, *plan, key, returns, Box::pin(body))
    }
}
