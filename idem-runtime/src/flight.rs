//! One attempt in flight, as this process sees it: a body that a task here drives, or another
//! process's, for which a task here polls the store.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::key::Fingerprint;
use crate::record::Record;
use crate::store::Name;

/// One attempt that others in this process can follow.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) name: Name,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) fence: u64,
    pub(crate) number: u32,
    /// The engine whose flight it is.
    pub(crate) engine: usize,
    /// The attempt whose body made this call.
    parent: Option<Arc<Flight>>,
    course: Mutex<Course>,
    changed: Notify,
    /// The body has said that its success is not to be stored.
    unstored: AtomicBool,
}

#[derive(Debug, Default)]
struct Course {
    /// Who drives the body.
    driver: Option<Driver>,
    /// Until when the claim stands for certain; `None` for another process's, which is polled for.
    until: Option<Instant>,
    cancelled: bool,
    lost: bool,
    end: Option<End>,
    /// What the store said last of another process's.
    polled: Option<Polled>,
    /// Whether anybody waits for a change: most flights end alone, and then nobody is told.
    watched: bool,
}

/// The lease of an attempt that is polled for: when the store was asked, and what was left of it then.
/// A store of one's own may say that it never ends.
#[derive(Debug, Clone, Copy)]
struct Polled {
    at: Instant,
    left: Duration,
}

/// How a flight ended, for its followers.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// This record is known to be stored.
    Stored(Record),
    /// Nothing is known: ask the store.
    AskStore,
}

/// What following came to.
#[derive(Debug)]
pub(crate) enum Followed {
    Ended(End),
    /// The leader's lease may be over: ask the store.
    AskStore,
    /// The store was not polled for long: the task that polls may be driven no more.
    Abandoned,
    /// The follower's time is up; so much is left of the leader's lease.
    OutOfTime(Duration),
}

/// The task that drives a future, or the thread where there is none (`block_on`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driver {
    Task(tokio::task::Id),
    Thread(ThreadId),
}

impl Driver {
    pub(crate) fn current() -> Self {
        tokio::task::try_id().map_or_else(|| Self::Thread(std::thread::current().id()), Self::Task)
    }
}

/// How long a poller may be silent: well over its pauses and an ordinary store's time-out.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// What a flight is made of.
#[derive(Debug)]
pub(crate) struct Departure {
    pub(crate) name: Name,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) fence: u64,
    pub(crate) number: u32,
    pub(crate) engine: usize,
    pub(crate) parent: Option<Arc<Flight>>,
    pub(crate) until: Option<Instant>,
}

impl Course {
    fn lease_left(&self, now: Instant) -> Duration {
        match (self.until, self.polled) {
            (Some(until), _) => until.saturating_duration_since(now),
            (None, Some(Polled { at, left })) => left.saturating_sub(now - at),
            (None, None) => Duration::ZERO,
        }
    }
}

impl Flight {
    pub(crate) fn new(departure: Departure) -> Arc<Self> {
        let Departure { name, fingerprint, fence, number, engine, parent, until } = departure;
        let course = Course { until, ..Course::default() };
        Arc::new(Self {
            name,
            fingerprint,
            fence,
            number,
            engine,
            parent,
            course: Mutex::new(course),
            changed: Notify::new(),
            unstored: AtomicBool::new(false),
        })
    }

    /// What a body that runs without a claim has for an attempt.
    pub(crate) fn unguarded(engine: usize, name: Name, parent: Option<Arc<Self>>) -> Arc<Self> {
        Self::new(Departure {
            name,
            fingerprint: None,
            fence: 0,
            number: 1,
            engine,
            parent,
            until: None,
        })
    }

    /// Another process's attempt, which is polled for; so much was left of its lease just now.
    pub(crate) fn elsewhere(
        engine: usize,
        name: Name,
        fingerprint: Option<Fingerprint>,
        left: Duration,
    ) -> Arc<Self> {
        let flight = Self::new(Departure {
            name,
            fingerprint,
            fence: 0,
            number: 0,
            engine,
            parent: None,
            until: None,
        });
        flight.polled(left);
        flight
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is an attempt of this process whose claim stands for certain, and for how long.
    pub(crate) fn left(&self) -> Option<Duration> {
        let course = self.course();
        let left = course.until?.saturating_duration_since(Instant::now());
        (course.end.is_none() && !left.is_zero()).then_some(left)
    }

    /// Whether it is polled for, and runs elsewhere.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.course().until.is_none()
    }

    /// The store was polled for it now, and has said so much of its lease.
    pub(crate) fn polled(&self, left: Duration) {
        self.course().polled = Some(Polled { at: Instant::now(), left });
    }

    /// How much is left of its lease, here or elsewhere, as far as is known.
    pub(crate) fn lease_left(&self) -> Duration {
        self.course().lease_left(Instant::now())
    }

    /// The body is driven by this task from now on.
    pub(crate) fn driven_here(&self) {
        self.course().driver = Some(Driver::current());
    }

    /// No caller drives it any more: it goes on in the background.
    pub(crate) fn driven_nowhere(&self) {
        self.course().driver = None;
    }

    /// Whether a call made by `driver` would wait for what waits for that call itself.
    pub(crate) fn is_driven_by(&self, driver: Driver) -> bool {
        self.course().driver == Some(driver)
    }

    /// Whether this attempt or one around it is of that key.
    pub(crate) fn is_within(&self, engine: usize, name: &Name) -> bool {
        let mut flight = Some(self);
        while let Some(this) = flight {
            if this.engine == engine && this.name == *name {
                return true;
            }
            flight = this.parent.as_deref();
        }
        false
    }

    pub(crate) fn stands_until(&self, until: Instant) {
        self.change(|course| course.until = Some(until));
    }

    pub(crate) fn cancel(&self) {
        self.change(|course| course.cancelled = true);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        let course = self.course();
        let lapsed = course.end.is_none() && course.until.is_some_and(|at| at <= Instant::now());
        course.cancelled || lapsed
    }

    /// The claim is another's now. Returns whether that is news.
    pub(crate) fn lose(&self) -> bool {
        !std::mem::replace(&mut self.course().lost, true)
    }

    pub(crate) fn do_not_store(&self) {
        self.unstored.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_not_stored(&self) -> bool {
        self.unstored.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self, end: End) {
        self.change(|course| {
            course.end.get_or_insert(end);
        });
    }

    /// Changes the course, and tells whoever waits for that. None is missed: a waiter listens to
    /// `changed` first, and then says that it does and reads the course under one lock.
    fn change(&self, change: impl FnOnce(&mut Course)) {
        let watched = {
            let mut course = self.course();
            change(&mut course);
            course.watched
        };
        if watched {
            self.changed.notify_waiters();
        }
    }

    /// Waits until the attempt is cancelled or its lease is over. Never returns once it has ended
    /// well.
    pub(crate) async fn cancelled(&self) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            self.course().watched = true;
            if self.is_cancelled() {
                return;
            }
            // Of an attempt that has ended no lease lapses any more.
            let until = {
                let course = self.course();
                course.until.filter(|_| course.end.is_none())
            };
            sleep_or(changed, until).await;
        }
    }

    /// Waits for its end, until `deadline` or its lease's.
    pub(crate) async fn follow(&self, deadline: Instant) -> Followed {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = Instant::now();
            let (until, abandoned) = {
                let mut course = self.course();
                course.watched = true;
                if let Some(end) = &course.end {
                    return Followed::Ended(end.clone());
                }
                if now >= deadline {
                    return Followed::OutOfTime(course.lease_left(now));
                }
                (course.until, course.polled.map(|polled| polled.at + LONGEST_SILENCE))
            };
            if until.is_some_and(|at| now >= at) {
                return Followed::AskStore;
            }
            if abandoned.is_some_and(|at| now >= at) {
                return Followed::Abandoned;
            }
            let soonest = until.or(abandoned).map_or(deadline, |at| at.min(deadline));
            sleep_or(changed, Some(soonest)).await;
        }
    }
}

async fn sleep_or(changed: impl Future<Output = ()>, until: Option<Instant>) {
    match until {
        Some(until) => tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(until) => {}
        },
        None => changed.await,
    }
}
