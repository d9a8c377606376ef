//! What is known of a request under the layer: the body that runs for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use crate::attempt::try_attempt;
use crate::flight::Flight;

tokio::task_local! {
    static CURRENT: Arc<Request>;
}

/// One request.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// The attempt that has begun last, leaving out those within the body of another.
    begun: Mutex<Option<Arc<Flight>>>,
}

impl Request {
    /// Makes this the request of what `serving` runs.
    pub(super) fn scope<F: Future>(
        self: &Arc<Self>,
        serving: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(Arc::clone(self), serving)
    }

    /// The attempt that has begun for it, if one has: then it goes on without its client.
    pub(super) fn begun(&self) -> Option<Arc<Flight>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A body begins as this attempt, perhaps for a request.
pub(crate) fn begins(flight: &Arc<Flight>) {
    // Without a request, as in most programs, that is all that it costs.
    let _ = CURRENT.try_with(|request| {
        if try_attempt().is_none() {
            let mut begun = request.begun.lock().unwrap_or_else(PoisonError::into_inner);
            *begun = Some(Arc::clone(flight));
        }
    });
}
