//! What an engine has under way, for `shutdown`.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::Idem;

/// Counts bodies in flight and what is settled in the background.
#[derive(Debug, Default)]
pub(crate) struct Work {
    count: AtomicUsize,
    /// Whether anybody waits for the last: until then, ending costs no lock.
    awaited: AtomicBool,
    none_left: Notify,
}

/// What is done in the background, counted for as long as this lives.
struct Running(Idem);

impl Work {
    /// Waits until there are none, for at most `deadline`; returns how many are left.
    pub(super) async fn idle_within(&self, deadline: Duration) -> usize {
        match tokio::time::timeout(deadline, self.idle()).await {
            Ok(()) => 0,
            Err(_) => self.count.load(Ordering::SeqCst),
        }
    }

    async fn idle(&self) {
        loop {
            let mut none_left = pin!(self.none_left.notified());
            none_left.as_mut().enable();
            // In this order, and the other way round in `drop`: one of the two sees the other.
            self.awaited.store(true, Ordering::SeqCst);
            if self.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            none_left.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Idem {
    /// Counts what is under way until [`end`](Self::end), which its owner calls when it is dropped.
    pub(crate) fn begin(&self) {
        self.0.work.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn end(&self) {
        let work = &self.0.work;
        let last = work.count.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && work.awaited.load(Ordering::SeqCst) {
            work.none_left.notify_waiters();
        }
    }

    /// Does something in the background, which `shutdown` waits for. Outside of a runtime, as in a
    /// program that ends, it is not done.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.begin();
            let running = Running(self.clone());
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
