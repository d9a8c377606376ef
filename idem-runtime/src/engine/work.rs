//! What an engine has under way, for `shutdown`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::Idem;

/// Counts bodies in flight and what is settled in the background.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work(Arc<Tally>);

#[derive(Debug, Default)]
struct Tally {
    count: AtomicUsize,
    /// Whether anybody waits for the last: until then, ending costs no lock.
    awaited: AtomicBool,
    none_left: Notify,
}

/// One of them, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Running(Work);

impl Work {
    fn enter(&self) -> Running {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Running(self.clone())
    }

    /// Waits until there are none, for at most `deadline`; returns how many are left.
    pub(super) async fn idle_within(&self, deadline: Duration) -> usize {
        match tokio::time::timeout(deadline, self.idle()).await {
            Ok(()) => 0,
            Err(_) => self.0.count.load(Ordering::SeqCst),
        }
    }

    async fn idle(&self) {
        loop {
            let mut none_left = pin!(self.0.none_left.notified());
            none_left.as_mut().enable();
            // In this order, and the other way round in `drop`: one of the two sees the other.
            self.0.awaited.store(true, Ordering::SeqCst);
            if self.0.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            none_left.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Work(tally) = &self.0;
        let last = tally.count.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && tally.awaited.load(Ordering::SeqCst) {
            tally.none_left.notify_waiters();
        }
    }
}

impl Idem {
    /// Counts what is under way for as long as the returned value lives.
    pub(crate) fn enter(&self) -> Running {
        self.0.work.enter()
    }

    /// Does something in the background, which `shutdown` waits for. Outside of a runtime, as in a
    /// program that ends, it is not done.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let running = self.enter();
            runtime.spawn(async move {
                work.await;
                drop(running);
            });
        }
    }

    /// Runs a body in a task of its own, under this task's engine and span.
    pub(crate) fn detach<T: Send + 'static>(
        body: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        use tracing::Instrument as _;
        let span = tracing::Span::current();
        match Self::scoped() {
            Some(engine) => tokio::spawn(async move { engine.scope(body).await }.instrument(span)),
            None => tokio::spawn(body.instrument(span)),
        }
    }
}
