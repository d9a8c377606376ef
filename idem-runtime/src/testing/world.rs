//! The world around a handler: it delivers, and delivers again.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use super::answer::Answer;
use super::course::Course;
use super::hold;
use super::process::{Places, Process};
use super::scenario::Fault;
use crate::engine::Idem;
use crate::outcome::with_told;

/// What the closure of [`explore`](super::explore) gets: a store, processes that share it, and
/// deliveries that may go wrong.
///
/// Its `Display` is the course of the scenario as a short timeline: put it into the messages of
/// your assertions.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    course: Arc<Course>,
    places: Places,
    /// The process that serves.
    serving: Mutex<Option<Serving>>,
}

type Serving = (Arc<Process>, Idem);
type Duplicate<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What became of one delivery.
enum Ended<T> {
    Answered(T),
    /// Nobody was told anything.
    Unanswered,
}

/// How often a delivery is made before its key counts as wedged. Each pause is four times the one
/// before, from a second: together they outlast every lease and retention of the field.
const MOST: u32 = 12;
const LONGER: u32 = 4;
/// How often an `Err` of the body itself is delivered again, as a broker does before it gives up.
const FAILURES: u32 = 3;

impl World {
    pub(super) fn new(course: &Arc<Course>) -> Self {
        Self(Arc::new(Inner {
            course: Arc::clone(course),
            places: Places::default(),
            serving: Mutex::default(),
        }))
    }

    /// Delivers one message, at least once: until the call is answered, and once more after that.
    /// Returns the answer of the first delivery that got one.
    ///
    /// `handler` makes the call, and is asked anew for each delivery. A delivery that got no answer
    /// (the process was killed, the caller left, the store did not answer, the key is in flight) is
    /// made again later; an `Err` of the body itself three times more, as a broker does before it
    /// gives up.
    ///
    /// # Errors
    ///
    /// What the handler answers with.
    ///
    /// # Panics
    ///
    /// When the handler makes no guarded call on the world's engine, and when it is never answered:
    /// a key is wedged.
    pub async fn deliver<T, E, F, Fut>(&self, handler: F) -> Result<T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.deliver_with(|_| handler()).await
    }

    /// The same for a handler that takes its engine from its arguments, as `engine = state.idem`
    /// does: `handler` gets the engine of the process that the delivery comes to.
    ///
    /// # Errors
    ///
    /// What the handler answers with.
    ///
    /// # Panics
    ///
    /// As [`deliver`](Self::deliver).
    ///
    /// ```
    /// use idem::{Idem, idempotent};
    ///
    /// struct App { idem: Idem }
    ///
    /// #[idempotent(key = "ship:{order}", strategy = "setnx", engine = app.idem)]
    /// async fn ship(app: &App, order: u32) -> Result<u32, idem::Error> {
    ///     Ok(order)
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// idem::testing::explore(|world| async move {
    ///     world.deliver_with(|idem| async { ship(&App { idem }, 7).await }).await.unwrap();
    /// })
    /// .await;
    /// # });
    /// ```
    pub async fn deliver_with<T, E, F, Fut>(&self, handler: F) -> Result<T, E>
    where
        F: Fn(Idem) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let course = &self.0.course;
        let answer = self.until_answered(&handler, None).await;
        // A transaction that ended with an `Err` may still be on its way back.
        hold::settles(course).await;
        course.tell("a duplicate comes after the answer");
        drop(self.until_answered(&handler, None).await);
        hold::settles(course).await;
        answer
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn places(&self) -> &Places {
        &self.0.places
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn course(&self) -> &Course {
        &self.0.course
    }

    /// Delivers until there is an answer. `duplicate`: the process that an unobserved duplicate
    /// comes to first.
    async fn until_answered<T, E, F, Fut>(
        &self,
        handler: &F,
        duplicate: Option<Serving>,
    ) -> Result<T, E>
    where
        F: Fn(Idem) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let course = &self.0.course;
        let (mut pause, mut failures) = (Duration::from_secs(1), 0);
        for _ in 0..MOST {
            let (process, engine) = match &duplicate {
                Some(serving) => serving.clone(),
                None => self.serving().await,
            };
            let delivery = duplicate.is_none().then(|| course.next_delivery());
            match delivery {
                Some(number) => {
                    course.tell(&format!("delivery {} to process {}", number + 1, process.name));
                }
                None => course.tell(&format!("the duplicate to process {}", process.name)),
            }
            let call = Box::pin(engine.scope(with_told(handler(engine.clone()))));
            match self.drive((&process, &engine), delivery, call, handler).await {
                Ended::Answered((Err(_), None)) if course.has_database() => {
                    course
                        .tell(&format!("process {}: fails before its guarded call", process.name));
                }
                Ended::Answered((result, told)) => {
                    let answer = Answer::of(told, result.is_ok());
                    course.tell(&format!("process {}: {answer}", process.name));
                    failures += u32::from(answer.is_failure());
                    if answer.is_final() || failures > FAILURES {
                        return result;
                    }
                }
                Ended::Unanswered => {}
            }
            hold::settles(course).await;
            tokio::time::sleep(pause).await;
            pause *= LONGER;
        }
        panic!(
            "idem::testing: after {MOST} deliveries over months the call still has no answer: its \
             key is wedged\n{self}"
        );
    }

    /// The process that serves, or the next one.
    async fn serving(&self) -> Serving {
        let there = |serving: &mut Option<Serving>| {
            serving.take_if(|(process, _)| process.is_dead());
            serving.clone()
        };
        if let Some(serving) = self.with_serving(there) {
            return serving;
        }
        let started = self.another().await;
        self.with_serving(|serving| *serving = Some(started.clone()));
        started
    }

    fn with_serving<T>(&self, with: impl FnOnce(&mut Option<Serving>) -> T) -> T {
        with(&mut self.0.serving.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn another(&self) -> Serving {
        Process::start(&self.0.course, &self.0.places).await
    }

    /// Drives one delivery to its end, past what goes wrong in it.
    async fn drive<T, E, R, F, Fut>(
        &self,
        (process, engine): (&Arc<Process>, &Idem),
        delivery: Option<usize>,
        mut call: Pin<Box<impl Future<Output = R>>>,
        handler: &F,
    ) -> Ended<R>
    where
        F: Fn(Idem) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut beside: Option<Duplicate<'_>> = None;
        loop {
            let answered = poll_fn(|context| {
                process.drive(delivery);
                let polled = call.as_mut().poll(context);
                let stops = polled.is_pending() && (process.has_stopped() || process.awaits());
                process.drive(None);
                match polled {
                    Poll::Ready(answer) => return Poll::Ready(Some(answer)),
                    Poll::Pending if stops => return Poll::Ready(None),
                    Poll::Pending => {}
                }
                if beside
                    .as_mut()
                    .is_some_and(|duplicate| duplicate.as_mut().poll(context).is_ready())
                {
                    beside = None;
                }
                Poll::Pending
            })
            .await;
            if let Some(answer) = answered {
                if let Some(duplicate) = beside {
                    duplicate.await;
                }
                return Ended::Answered(answer);
            }
            // A duplicate in this very process has not stopped.
            match process.resume() {
                Some(Fault::Kill) => {
                    process.kill();
                    return Ended::Unanswered;
                }
                Some(Fault::Duplicate) => {
                    beside = self.beside(self.another().await, handler).await;
                }
                Some(Fault::DuplicateHere) => {
                    let here = (Arc::clone(process), engine.clone());
                    beside = self.beside(here, handler).await;
                }
                Some(Fault::Pause) => {
                    let lease = process.lease().unwrap_or_default();
                    tokio::time::sleep(lease + lease / 10 + Duration::from_secs(1)).await;
                    self.duplicate(self.another().await, handler).await;
                    self.0.course.tell(&format!("process {} goes on", process.name));
                }
                // The caller leaves.
                _ => return Ended::Unanswered,
            }
        }
    }

    /// A duplicate that goes on beside the delivery that it came upon.
    async fn beside<'a, T, E, F, Fut>(
        &'a self,
        serving: Serving,
        handler: &'a F,
    ) -> Option<Duplicate<'a>>
    where
        F: Fn(Idem) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut duplicate = self.duplicate(serving, handler);
        let ended = poll_fn(|context| Poll::Ready(duplicate.as_mut().poll(context).is_ready()));
        (!ended.await).then_some(duplicate)
    }

    fn duplicate<'a, T, E, F, Fut>(&'a self, serving: Serving, handler: &'a F) -> Duplicate<'a>
    where
        F: Fn(Idem) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Box::pin(async move { drop(self.until_answered(handler, Some(serving)).await) })
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.course.fmt(f)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
