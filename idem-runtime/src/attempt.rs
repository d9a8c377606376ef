//! What a body can know of the attempt that runs it.

use std::fmt::{self, Write as _};
use std::future::Future;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::flight::Flight;

tokio::task_local! {
    static CURRENT: Attempt;
}

/// The attempt that runs a body: its fence, its number, and keys for the services that it calls.
///
/// Owned: other tasks and threads may take it along.
#[derive(Clone)]
pub struct Attempt {
    flight: Arc<Flight>,
}

impl fmt::Debug for Attempt {
    /// Without the key: it has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("number", &self.number())
            .field("fence", &self.fence())
            .finish_non_exhaustive()
    }
}

/// The attempt whose body this is.
///
/// # Panics
///
/// Outside of the body of a guarded call; [`try_attempt`] does not.
///
/// ```
/// use idem::{Idem, Plan};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let idem = Idem::in_memory();
/// const PLAN: Plan = Plan::setnx();
/// let order = 7;
/// let number: Result<u32, idem::Error> = idem
///     .call(&PLAN, idem::key!("charge:{order}"), async { Ok(idem::attempt().number()) })
///     .await;
/// assert_eq!(number?, 1);
/// # Ok::<(), idem::Error>(()) }).unwrap();
/// ```
#[must_use]
#[track_caller]
pub fn attempt() -> Attempt {
    try_attempt().unwrap_or_else(|| {
        panic!(
            "`idem::attempt()` outside of the body of a guarded call; `try_attempt()` gives `None`"
        )
    })
}

/// The attempt whose body this is; `None` outside of the body of a guarded call. A body that runs
/// unguarded has one too, so that its downstream keys are the same.
///
/// ```
/// /// A client that guarded and unguarded code shares.
/// fn headers() -> Vec<(&'static str, String)> {
///     let key = idem::try_attempt().map(|attempt| attempt.downstream_key("provider"));
///     key.map(|key| ("Idempotency-Key", key)).into_iter().collect()
/// }
/// assert!(headers().is_empty());
/// ```
#[must_use]
pub fn try_attempt() -> Option<Attempt> {
    CURRENT.try_with(Clone::clone).ok()
}

impl Attempt {
    pub(crate) fn of(flight: &Arc<Flight>) -> Self {
        Self { flight: Arc::clone(flight) }
    }

    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// Runs a body as this attempt's.
    pub(crate) fn scope<F: Future>(self, body: F) -> impl Future<Output = F::Output> {
        #[cfg(any(feature = "axum", feature = "tonic"))]
        crate::http::begins(&self.flight);
        CURRENT.scope(self, body)
    }

    /// A number that grows with each attempt on the key, for as long as its record stands. A
    /// service that refuses a smaller one than it has seen refuses an owner that was paused. 0 for a
    /// body that runs unguarded.
    ///
    /// ```
    /// # async fn store(_: &str, _: u64) {}
    /// # async fn body() {
    /// // update report set text = $1, fence = $2 where id = $3 and fence < $2
    /// store("what it says", idem::attempt().fence()).await;
    /// # }
    /// ```
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.flight.fence
    }

    /// Which attempt on the key it is, from 1; 1 for a body that runs unguarded.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.flight.number
    }

    /// An idempotency key for a service that the body calls: the same for every attempt on this key
    /// and label, so that the service sees a retry for what it is. 36 characters in the form of a
    /// UUID.
    ///
    /// ```
    /// # async fn capture(_: String) {}
    /// # async fn body() {
    /// capture(idem::attempt().downstream_key("capture")).await;
    /// # }
    /// ```
    #[must_use]
    pub fn downstream_key(&self, label: &str) -> String {
        let mut hash = Sha256::new();
        hash.update((self.flight.name.len() as u64).to_be_bytes());
        hash.update(self.flight.name.as_bytes());
        hash.update(label.as_bytes());
        let mut bytes: [u8; 16] = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        // Version 8 of RFC 9562: bits of one's own making.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            // Writing to a `String` can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Says that this success is not to be stored: the caller gets it, and the key is free again. A
    /// counted attempt ([`Plan::count`](crate::Plan::count)) is spent all the same: it may have had its
    /// effect.
    ///
    /// ```
    /// # async fn ask_provider() -> &'static str { "pending" }
    /// # async fn body() -> Result<String, idem::Error> {
    /// let answer = ask_provider().await;
    /// if answer == "pending" {
    ///     idem::attempt().do_not_store(); // a duplicate is to ask again
    /// }
    /// # Ok(answer.to_owned()) }
    /// ```
    pub fn do_not_store(&self) {
        self.flight.do_not_store();
    }

    /// Whether nobody may be waiting for the body any more: its lease is lost, the caller has left,
    /// or the engine shuts down. The body goes on all the same.
    ///
    /// ```
    /// # async fn send(_: u32) {}
    /// # async fn body() {
    /// for page in 0..100 {
    ///     if idem::attempt().is_cancelled() {
    ///         break; // another may have begun
    ///     }
    ///     send(page).await;
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.flight.is_cancelled()
    }

    /// Waits until [`is_cancelled`](Attempt::is_cancelled).
    ///
    /// ```
    /// # async fn part_of_the_work() {}
    /// # async fn body() {
    /// tokio::select! {
    ///     () = part_of_the_work() => {}
    ///     () = idem::attempt().cancelled() => {} // nobody waits any more: leave the rest
    /// }
    /// # }
    /// ```
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let flight = Arc::clone(&self.flight);
        async move { flight.cancelled().await }
    }
}
