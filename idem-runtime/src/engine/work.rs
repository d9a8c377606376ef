//! What an engine has under way, for `shutdown`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Idem;

/// Counts bodies in flight and what is settled in the background.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    count: Arc<watch::Sender<usize>>,
}

impl Default for Work {
    fn default() -> Self {
        Self { count: Arc::new(watch::Sender::new(0)) }
    }
}

/// One of them, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Running(Work);

impl Work {
    fn enter(&self) -> Running {
        self.count.send_modify(|count| *count += 1);
        Running(self.clone())
    }

    /// Waits until there are none, for at most `deadline`; returns how many are left.
    pub(super) async fn idle_within(&self, deadline: Duration) -> usize {
        let mut count = self.count.subscribe();
        let idle = count.wait_for(|count| *count == 0);
        match tokio::time::timeout(deadline, idle).await {
            Ok(_) => 0,
            Err(_) => *self.count.borrow(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.count.send_modify(|count| *count -= 1);
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
