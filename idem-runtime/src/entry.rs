//! The ways into the path for code that makes calls itself. The attribute's are in `private`.

use std::future::Future;

use crate::call;
use crate::codec::Json;
use crate::engine::Idem;
use crate::error::Error;
use crate::key::Key;
use crate::plan::Plan;
use crate::returns::{Replay, Return, Returns};
#[cfg(feature = "_sql")]
use crate::transaction::{self, OpenTransaction};

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
    /// # When it is dropped
    ///
    /// Before the body is polled, the key is free again, in the background. While the body runs, the
    /// body is dropped too, and the claim is held till its lease lapses: what the body did is unknown.
    /// [`call_detached`](Idem::call_detached) lets it go on. While the result is stored, storing goes
    /// on in the background.
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

    /// [`call`](Idem::call) for return types, codecs and policies of one's own.
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
        call::call(Ok(self), *plan, key, returns, Box::pin(body))
    }

    /// [`call_with`](Idem::call_with) for a body that runs in its own task, and goes on there when the
    /// caller leaves: what `on_cancel = "finish"` is sugar for.
    ///
    /// # Panics
    ///
    /// When the body does.
    ///
    /// ```
    /// use idem::{Idem, Json, Plan, Returns};
    ///
    /// const PLAN: Plan = Plan::setnx();
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let idem = Idem::in_memory();
    /// let order = 7;
    /// let returns = Returns::<Result<u32, idem::Error>>::new(Err).replay::<Json>();
    /// let shipped = idem.call_detached(&PLAN, idem::key!("ship:{order}"), returns, async { Ok(12) });
    /// assert_eq!(shipped.await?, 12); // dropped halfway, it would have shipped all the same
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
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
        call::call_detached(Ok(self), *plan, key, returns, Box::pin(body))
    }

    /// Makes one guarded call in the caller's open transaction: what `tx = …` is sugar for.
    ///
    /// Claim, the body's writes and the result are in a transaction inside of it, so they commit with
    /// what else the caller writes, or not at all: exactly once in that database. An `Err`, a panic
    /// and a call that is dropped undo all three, and leave the caller's own writes. The plan is a
    /// [`Plan::db`] without what is about a lease. The future is `Send` where the body's is; a body
    /// that stands in a variable says `async |tx: &mut PgTransaction<'_>| …` in full.
    ///
    /// # Errors
    ///
    /// The body's own, and every [`Error`] through `E: From<Error>`; among them
    /// [`Error::Conflict`], after which the whole transaction is rolled back and tried again.
    ///
    /// # Panics
    ///
    /// When the body does.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] mod example {
    /// use idem::{Idem, Plan};
    /// use sqlx::PgTransaction;
    ///
    /// const PLAN: Plan = Plan::db();
    ///
    /// type BoxError = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// # async fn main_(idem: Idem, pool: sqlx::PgPool) -> Result<(), BoxError> {
    /// let mut tx = pool.begin().await?;
    /// let order = 7_i64;
    /// let number: i64 = idem
    ///     .call_tx(&mut tx, &PLAN, idem::key!("bill:{order}"), async |tx: &mut PgTransaction<'_>| {
    ///         let insert = "insert into bills (order_id) values ($1) returning number";
    ///         let number = sqlx::query_scalar(insert).bind(order).fetch_one(&mut **tx).await?;
    ///         Ok::<_, BoxError>(number)
    ///     })
    ///     .await?;
    /// tx.commit().await?;
    /// # Ok(()) } }
    /// ```
    #[cfg(feature = "_sql")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))))]
    pub async fn call_tx<T, E, DB, B>(
        &self,
        transaction: &mut sqlx::Transaction<'_, DB>,
        plan: &Plan,
        key: Key,
        body: B,
    ) -> Result<T, E>
    where
        Result<T, E>: Replay<Json>,
        E: From<Error>,
        DB: sqlx::Database,
        for<'t> sqlx::Transaction<'t, DB>: OpenTransaction,
        B: AsyncFnOnce(&mut sqlx::Transaction<'_, DB>) -> Result<T, E>,
    {
        let returns = Returns::new(|error| Err(E::from(error))).replay::<Json>();
        self.call_tx_with(transaction, plan, key, returns, body).await
    }

    /// [`call_tx`](Idem::call_tx) for return types and codecs of one's own.
    ///
    /// # Panics
    ///
    /// When the body does.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] mod example {
    /// use idem::{Error, Idem, Plan, Returns};
    /// use sqlx::PgTransaction;
    ///
    /// /// A duplicate is told so, and no result is stored.
    /// const PLAN: Plan = Plan::db().reject_duplicates();
    ///
    /// # async fn main_(idem: Idem, tx: &mut PgTransaction<'_>, order: i64) -> Result<(), Error> {
    /// let returns = Returns::<Result<(), Error>>::new(Err);
    /// idem.call_tx_with(tx, &PLAN, idem::key!("bill:{order}"), returns, async |tx: &mut PgTransaction<'_>| {
    ///     let insert = sqlx::query("insert into bills (order_id) values ($1)").bind(order);
    ///     insert.execute(&mut **tx).await.map(drop).map_err(Error::outage)
    /// })
    /// .await
    /// # } }
    /// ```
    #[cfg(feature = "_sql")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))))]
    pub async fn call_tx_with<R, DB, B>(
        &self,
        transaction: &mut sqlx::Transaction<'_, DB>,
        plan: &Plan,
        key: Key,
        returns: Returns<R>,
        body: B,
    ) -> R
    where
        DB: sqlx::Database,
        for<'t> sqlx::Transaction<'t, DB>: OpenTransaction,
        B: AsyncFnOnce(&mut sqlx::Transaction<'_, DB>) -> R,
    {
        match transaction::join(self, *plan, &key, returns, transaction).await {
            Err(answer) => answer,
            Ok(mut joined) => {
                let (transaction, running) = joined.body();
                let value = running.run(Box::pin(body(transaction))).await;
                joined.settle(value).await
            }
        }
    }
}
