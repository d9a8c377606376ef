//! Holding a paused clock while something outside of the runtime may answer, such as the thread of
//! a database. Left alone, a paused clock runs ahead to the next timer as soon as nothing is ready.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::course::Course;

/// How long an answer may take, in real time, before a wait counts as one for the clock.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long what has answered is given to say all of it, in real time: what comes in two pieces on one
/// machine and in one on another is to be the same course on both.
const REST: Duration = Duration::from_micros(200);

/// Runs a closure's future, and holds the clock while it may wait for its database.
pub(super) async fn held<F: Future>(course: &Course, future: F) -> F::Output {
    let hold = Hold::default();
    let mut future = pin!(future);
    poll_fn(|context| {
        hold.was_woken();
        let polled = course.gate().closed_while(|| future.as_mut().poll(context));
        if polled.is_pending() && course.may_wait_for_its_database() {
            hold.begins();
        } else {
            hold.ends();
        }
        polled
    })
    .await
}

/// Through which the database's answers come: never while the closure is polled. An answer that came
/// so fast would not be waited for, and how fast it comes is the machine's affair, not the course's.
#[derive(Default)]
pub(super) struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn closed_while<T>(&self, polls: impl FnOnce() -> T) -> T {
        struct Opens<'a>(&'a Gate);
        impl Drop for Opens<'_> {
            fn drop(&mut self) {
                self.0.set(false);
                self.0.opened.notify_all();
            }
        }
        self.set(true);
        let _opens = Opens(self);
        polls()
    }

    fn set(&self, is_closed: bool) {
        *self.is_closed.lock().unwrap_or_else(PoisonError::into_inner) = is_closed;
    }

    /// Waits until it is open, on a thread of the database.
    #[cfg(feature = "sqlite")]
    pub(super) fn pass(&self) {
        let is_closed = self.is_closed.lock().unwrap_or_else(PoisonError::into_inner);
        // Bounded: whatever is polled may wait for this very thread.
        drop(self.opened.wait_timeout_while(is_closed, PATIENCE, |is_closed| *is_closed));
    }
}

#[derive(Default)]
struct Hold(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Until when the clock is held.
    until: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Hold {
    /// Holds the clock, or goes on to.
    fn begins(&self) {
        let was_held = self.0.until().replace(Instant::now() + PATIENCE).is_some();
        if !was_held {
            let shared = Arc::clone(&self.0);
            // tokio's clock stands still while such a task runs.
            tokio::task::spawn_blocking(move || shared.hold());
        }
    }

    fn ends(&self) {
        if self.0.until().take().is_some() {
            self.0.changed.notify_all();
        }
    }

    /// Something was answered: lets it say all of it.
    fn was_woken(&self) {
        if self.0.until().is_some() {
            std::thread::sleep(REST);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.ends();
    }
}

impl Shared {
    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self) {
        let mut until = self.until();
        while let Some(left) = until.map(|until| until.saturating_duration_since(Instant::now())) {
            if left.is_zero() {
                *until = None;
                break;
            }
            let waited = self.changed.wait_timeout(until, left);
            until = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Lets what a delivery has left on its way to the database come to its end: connections that it
/// gives back, and what is undone by them.
pub(super) async fn settles(course: &Course) {
    let began = Instant::now();
    while course.may_wait_for_its_database() && began.elapsed() < PATIENCE {
        let rest = tokio::task::spawn_blocking(|| std::thread::sleep(REST));
        rest.await.unwrap_or_else(|_| unreachable!("sleeping does not panic"));
    }
}
