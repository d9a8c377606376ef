//! One process of the world: an engine over the shared store, with its points on the way there.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use super::course::Course;
use super::scenario::{Fault, Moment, Step};
use crate::engine::Idem;
use crate::record::Record;
use crate::store::{Change, Claim, Claimed, Found, Memory, Name, Settled, Store, StoreError};

/// A process that serves deliveries, until it is killed.
pub(super) struct Process {
    course: Arc<Course>,
    /// For people: `A`, `B`, …
    pub(super) name: char,
    is_dead: AtomicBool,
    driven: Mutex<Driven>,
}

/// The delivery whose future is being polled now, if any: what else runs in the process meets no
/// faults of its own.
#[derive(Default)]
struct Driven {
    delivery: Option<usize>,
    /// What the delivery has stopped for.
    stop: Option<Fault>,
    /// The lease of the claim that it holds.
    lease: Option<Duration>,
}

impl Process {
    /// Starts a process, and its engine.
    pub(super) async fn start(course: &Arc<Course>, places: &Places) -> (Arc<Self>, Idem) {
        let process = Arc::new(Self {
            course: Arc::clone(course),
            name: course.next_process(),
            is_dead: AtomicBool::new(false),
            driven: Mutex::default(),
        });
        let holder = format!("process {}", process.name);
        let way = Way { process: Arc::clone(&process), memory: Arc::clone(&places.memory) };
        // What a database commits by itself, memory keeps by the same rules, and on the paused clock.
        let engine = Idem::builder().store(way.clone()).db_in(way).holder(holder);
        #[cfg(feature = "sqlite")]
        let engine = places.database.joined_by(engine);
        let engine = engine.build().await;
        let engine = engine.unwrap_or_else(|error| unreachable!("a store of one's own: {error}"));
        (process, engine)
    }

    fn driven<T>(&self, with: impl FnOnce(&mut Driven) -> T) -> T {
        with(&mut self.driven.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A delivery is polled from here on, or none.
    pub(super) fn drive(&self, delivery: Option<usize>) {
        self.driven(|driven| driven.delivery = delivery);
    }

    /// Whether the delivery has stopped.
    pub(super) fn has_stopped(&self) -> bool {
        self.driven(|driven| driven.stop.is_some())
    }

    /// The delivery goes on when it is polled again; returns what it had stopped for.
    pub(super) fn resume(&self) -> Option<Fault> {
        self.driven(|driven| driven.stop.take())
    }

    /// The lease of the claim that is held here.
    pub(super) fn lease(&self) -> Option<Duration> {
        self.driven(|driven| driven.lease)
    }

    /// Nothing that this process does reaches the store any more.
    pub(super) fn kill(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// The delivery waits for something. Whether it stops here.
    pub(super) fn awaits(&self) -> bool {
        self.meets(Moment::Await).is_some()
    }

    /// Passes a moment; returns what goes wrong here.
    fn meets(&self, moment: Moment) -> Option<Fault> {
        self.driven(|driven| {
            let fault = self.course.pass(driven.delivery?, moment, driven.lease.is_some())?;
            if !matches!(fault, Fault::Unreached | Fault::Lost) {
                driven.stop = Some(fault);
            }
            Some(fault)
        })
    }

    /// A moment on the way to the store or back.
    async fn pass(&self, moment: Moment) -> Result<(), StoreError> {
        if self.is_dead() {
            // What a killed process had under way never gets there.
            return pending().await;
        }
        match self.meets(moment) {
            None => Ok(()),
            Some(Fault::Unreached) => Err(StoreError::unreached("the store can't be reached")),
            Some(Fault::Lost) => Err(StoreError::unknown("the store's answer was lost")),
            Some(_) => {
                poll_fn(|_| if self.has_stopped() { Poll::Pending } else { Poll::Ready(()) }).await;
                Ok(())
            }
        }
    }

    fn tell(&self, what: &str) {
        self.course.tell(&format!("process {}: {what}", self.name));
    }
}

/// Where the processes of a world keep their records.
#[derive(Default)]
pub(super) struct Places {
    memory: Arc<Memory>,
    #[cfg(feature = "sqlite")]
    pub(super) database: super::database::Database,
}

/// The store as this process reaches it.
#[derive(Clone)]
struct Way {
    process: Arc<Process>,
    memory: Arc<Memory>,
}

impl Store for Way {
    const COUNTS: bool = Memory::COUNTS;

    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let Self { process, memory } = self;
        let step = if claim.over.is_some() { Step::TakeOver } else { Step::Claim };
        process.pass(Moment::Before(step)).await?;
        let claimed = memory.claim(claim).await?;
        match &claimed {
            Claimed::Won { .. } => {
                let number = claim.record.attempts();
                process.tell(&format!("{step}: won, attempt {number}"));
                process.course.ran();
                process.driven(|driven| driven.lease = Some(claim.record.lease()));
            }
            _ => process.tell(&format!("{step}: {}", standing(&claimed))),
        }
        process.pass(Moment::After(step)).await?;
        Ok(claimed)
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let Self { process, memory } = self;
        let step = match change {
            Change::Renew => Step::Renew,
            Change::Complete(_) => Step::Complete,
            Change::Release(_) => Step::Release,
            Change::Purge => Step::Purge,
        };
        process.pass(Moment::Before(step)).await?;
        let settled = memory.settle(name, running, change).await?;
        let word = if settled == Settled::Done { "done" } else { "lost: the key is another's" };
        process.tell(&format!("{step}: {word}"));
        process.pass(Moment::After(step)).await?;
        if step != Step::Renew {
            process.driven(|driven| driven.lease = None);
        }
        Ok(settled)
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        let Self { process, memory } = self;
        process.pass(Moment::Before(Step::Get)).await?;
        let found = memory.get(name).await?;
        process.pass(Moment::After(Step::Get)).await?;
        Ok(found)
    }
}

/// What a claim has found, in a word.
fn standing(claimed: &Claimed) -> &'static str {
    use crate::store::State;
    let Claimed::Found(found) = claimed else { return "refused" };
    match found.record.state() {
        Some(State::Running) => "in flight",
        Some(State::Completed) => "completed already",
        Some(State::Free) => "given back before",
        None => "unreadable",
    }
}
