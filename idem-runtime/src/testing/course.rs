//! The course that one scenario takes: its points, its fault, and what people are told of it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::time::Instant;

use super::hold::Gate;
use super::scenario::{Fault, Moment, Point, Scenario};

/// One run of the closure.
pub(super) struct Course {
    scenario: Option<Scenario>,
    began: Instant,
    database: OnceLock<Busy>,
    gate: Arc<Gate>,
    state: Mutex<State>,
}

/// Whether something is asked of the database, and may not be answered yet.
pub(super) type Busy = Box<dyn Fn() -> bool + Send + Sync>;

#[derive(Default)]
struct State {
    processes: u8,
    deliveries: usize,
    /// Of each delivery that is observed, how many moments it has passed.
    passed: Vec<usize>,
    points: Vec<Point>,
    /// Whether the scenario's point was reached.
    reached: bool,
    /// How many claims were won.
    runs: u32,
    timeline: Vec<(Instant, String)>,
}

impl Course {
    /// Begins now.
    pub(super) fn begin(scenario: Option<Scenario>) -> Self {
        Self {
            scenario,
            began: Instant::now(),
            database: OnceLock::new(),
            gate: Arc::default(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_process(&self) -> char {
        let mut state = self.state();
        state.processes = state.processes.saturating_add(1);
        char::from(b'A' + (state.processes - 1) % 26)
    }

    /// A delivery whose moments are points.
    pub(super) fn next_delivery(&self) -> usize {
        let mut state = self.state();
        state.passed.push(0);
        state.deliveries = state.passed.len();
        state.deliveries - 1
    }

    /// Passes a moment of a delivery; returns what goes wrong there.
    pub(super) fn pass(&self, delivery: usize, moment: Moment, holds: bool) -> Option<Fault> {
        let fault = {
            let mut state = self.state();
            let number = state.passed[delivery];
            state.passed[delivery] += 1;
            let point = Point { delivery, number, moment, holds };
            state.points.push(point);
            let scenario = self.scenario.filter(|scenario| scenario.point == point)?;
            state.reached = true;
            scenario.fault
        };
        self.tell(&format!("{fault} {moment}"));
        Some(fault)
    }

    /// Notes what happened.
    pub(super) fn tell(&self, what: &str) {
        self.state().timeline.push((Instant::now(), what.to_owned()));
    }

    pub(super) fn ran(&self) {
        self.state().runs += 1;
    }

    pub(super) fn runs(&self) -> u32 {
        self.state().runs
    }

    pub(super) fn deliveries(&self) -> usize {
        self.state().deliveries
    }

    pub(super) fn points(&self) -> Vec<Point> {
        self.state().points.clone()
    }

    /// Whether a delivery has come to the world's store.
    pub(super) fn has_asked_the_store(&self) -> bool {
        self.state().points.iter().any(|point| matches!(point.moment, Moment::Before(_)))
    }

    /// There is a database, which answers in real time: the course is not the same to the last await.
    #[cfg(feature = "sqlite")]
    pub(super) fn has_a_database_now(&self, busy: Busy) {
        self.database.get_or_init(|| busy);
    }

    pub(super) fn has_database(&self) -> bool {
        self.database.get().is_some()
    }

    pub(super) fn may_wait_for_its_database(&self) -> bool {
        self.database.get().is_some_and(|busy| busy())
    }

    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Whether what was to go wrong did.
    pub(super) fn has_met_its_fault(&self) -> bool {
        self.scenario.is_none() || self.state().reached
    }

    pub(super) fn scenario(&self) -> Option<Scenario> {
        self.scenario
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scenario {
            None => writeln!(f, "nothing goes wrong; a duplicate comes after the answer")?,
            Some(scenario) => writeln!(f, "{scenario}")?,
        }
        for (at, what) in &self.state().timeline {
            let seconds = at.saturating_duration_since(self.began).as_secs_f64();
            writeln!(f, "  {seconds:>8.1} s  {what}")?;
        }
        Ok(())
    }
}
