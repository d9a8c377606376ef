//! Running a closure once for each thing that can go wrong.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::advice;
use super::course::Course;
use super::hold::held;
use super::scenario::Scenario;
use super::world::World;

/// Explores a handler: runs the closure once for each place where something can go wrong.
///
/// # Panics
///
/// With the closure's own panic, after the course of the scenario that led to it was printed; and
/// when the closure delivers nothing, or takes another course each time.
///
/// ```
/// # use std::collections::HashSet;
/// # use std::sync::Mutex;
/// use idem::idempotent;
///
/// /// A provider that dedupes on a key, as payment providers do.
/// #[derive(Default)]
/// struct Bank(Mutex<HashSet<String>>);
///
/// #[idempotent(key = "charge:{order}", strategy = "setnx")]
/// async fn charge(order: u32, bank: &Bank) -> Result<(), idem::Error> {
///     let key = idem::attempt().downstream_key("charge");
///     bank.0.lock().unwrap().insert(key);
///     Ok(())
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// idem::testing::explore(|world| async move {
///     let bank = Bank::default();
///     world.deliver(|| charge(7, &bank)).await.unwrap();
///     assert_eq!(bank.0.lock().unwrap().len(), 1, "{world}");
/// })
/// .await;
/// # });
/// ```
pub async fn explore<F, Fut>(closure: F)
where
    F: Fn(World) -> Fut + Sync,
    Fut: Future<Output = ()>,
{
    Explore::new().run(closure).await;
}

/// An exploration with options.
///
/// ```
/// # use idem::idempotent;
/// # #[idempotent(key = "ship:{order}", strategy = "setnx")]
/// # async fn ship(order: u32) -> Result<u32, idem::Error> { Ok(order) }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let scenarios = idem::testing::Explore::new()
///     .at_most(20)
///     .run(|world| async move {
///         world.deliver(|| ship(7)).await.unwrap();
///     })
///     .await;
/// assert_eq!(scenarios, 20);
/// # });
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Explore {
    at_most: usize,
}

/// A handler of ordinary size has some dozens.
const AT_MOST: usize = 10_000;

impl Default for Explore {
    fn default() -> Self {
        Self::new()
    }
}

impl Explore {
    /// At most 10,000 scenarios.
    pub fn new() -> Self {
        Self { at_most: AT_MOST }
    }

    /// How many scenarios are run at most. Those that are left out are spread over the whole, and
    /// it is printed how many there were.
    pub fn at_most(self, scenarios: usize) -> Self {
        Self { at_most: scenarios.max(1) }
    }

    /// Explores; returns how many scenarios were run.
    ///
    /// # Panics
    ///
    /// As [`explore`].
    #[expect(clippy::unused_async, reason = "awaited, as whatever runs futures is")]
    pub async fn run<F, Fut>(self, closure: F) -> usize
    where
        F: Fn(World) -> Fut + Sync,
        Fut: Future<Output = ()>,
    {
        let began = Instant::now();
        let first = take(&closure, None);
        assert!(
            first.deliveries() > 0,
            "idem::testing: the closure delivered nothing: call `world.deliver(|| …).await` in it"
        );
        assert!(
            first.has_asked_the_store() || first.has_database(),
            "idem::testing: the handler's call went to another engine than the world's: explore a \
             function without `engine = …`, or deliver it by `world.deliver_with(|idem| …)`"
        );
        let all = Scenario::all(&first.points());
        let run = self.chosen(all.len());
        let missed = run.iter().filter(|at| !comes(&closure, all[**at])).count();
        assert!(missed <= run.len() / 2, "{ANOTHER_COURSE}: {missed} of {} never came", run.len());
        let (scenarios, of) = (run.len() + 1 - missed, all.len() + 1);
        let of = if scenarios == of { String::new() } else { format!(" of {of}") };
        println!("idem::testing: {scenarios}{of} scenarios in {:.0?}, all well", began.elapsed());
        scenarios
    }

    /// Which of so many scenarios are run, beside the first in which nothing goes wrong.
    fn chosen(&self, all: usize) -> Vec<usize> {
        let run = all.min(self.at_most - 1);
        (0..run).map(|at| at * all / run).collect()
    }
}

const ANOTHER_COURSE: &str = "idem::testing: the closure takes another course each time, so nothing was shown: make everything \
                              anew in it, without randomness, real time or threads";

/// How often a scenario is tried whose moment does not come.
const TRIES: usize = 5;

/// Whether a scenario's moment comes, and all goes well. A database answers in real time, so that it
/// may not come at once.
fn comes<F, Fut>(closure: &F, scenario: Scenario) -> bool
where
    F: Fn(World) -> Fut + Sync,
    Fut: Future<Output = ()>,
{
    (0..TRIES).any(|_| {
        let course = take(closure, Some(scenario));
        let has_come = course.has_met_its_fault();
        assert!(has_come || course.has_database(), "{ANOTHER_COURSE}. This never came: {scenario}");
        has_come
    })
}

/// Takes one course. A failure is told and goes on.
fn take<F, Fut>(closure: &F, scenario: Option<Scenario>) -> Arc<Course>
where
    F: Fn(World) -> Fut + Sync,
    Fut: Future<Output = ()>,
{
    // A runtime can't run within another, so each has a thread.
    let taken = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("explore".to_owned());
        let thread = thread.spawn_scoped(scope, || on_this_thread(closure, scenario));
        thread.expect("a thread can be started").join()
    });
    let (course, ended) = taken.unwrap_or_else(|panic| resume_unwind(panic));
    if let Err(panic) = ended {
        eprintln!("{}", advice::on(&course));
        resume_unwind(panic);
    }
    course
}

type Taken = (Arc<Course>, Result<(), Box<dyn Any + Send>>);

fn on_this_thread<F, Fut>(closure: &F, scenario: Option<Scenario>) -> Taken
where
    F: Fn(World) -> Fut,
    Fut: Future<Output = ()>,
{
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime can be started");
    // Its clock begins inside.
    let course = runtime.block_on(async { Arc::new(Course::begin(scenario)) });
    let world = World::new(&course);
    let run = || runtime.block_on(held(&course, closure(world)));
    let ended = catch_unwind(AssertUnwindSafe(run));
    (course, ended)
}

#[cfg(test)]
mod tests {
    use super::Explore;

    #[test]
    fn what_is_left_out_is_spread_over_the_whole() {
        assert_eq!(Explore::new().at_most(4).chosen(9), [0, 3, 6]);
        assert_eq!(Explore::new().at_most(100).chosen(3), [0, 1, 2]);
        assert_eq!(Explore::new().at_most(0).chosen(3), [0_usize; 0]);
    }
}
