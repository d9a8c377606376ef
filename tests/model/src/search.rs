//! Searching a model to its end.

use std::fmt::{self, Debug, Display};
use std::hash::Hash;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// What a search came to.
#[derive(Debug)]
pub struct Search {
    /// How many states there are, or were seen before the first broken rule.
    pub states: usize,
    /// How many steps the furthest of them is away from the first.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The rule that is broken, and a way there.
    pub broken: Option<(&'static str, String)>,
    /// What was to be reached, and is not.
    pub missed: Vec<&'static str>,
}

impl Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, depth, took, .. } = self;
        write!(f, "{states} states, {depth} steps deep, in {took:.1?}")
    }
}

impl Search {
    /// The rule that a mistake, made on purpose, has broken, and the way there.
    ///
    /// # Panics
    ///
    /// When none is.
    #[must_use]
    pub fn caught(&self, mistake: &impl Debug) -> (&'static str, &str) {
        let Some((rule, trace)) = &self.broken else {
            panic!("{mistake:?} is not caught: {self}");
        };
        println!("{mistake:?}: {rule}, {self}");
        (rule, trace)
    }
}

/// Searches all states of a model, breadth first, or up to the first that breaks a rule.
#[must_use]
pub fn search<M>(model: M) -> Search
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq + Send + Sync,
{
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let checker = model.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.spawn_bfs().join();
    let found = checker.discoveries();
    let mut search = Search {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: began.elapsed(),
        broken: None,
        missed: Vec::new(),
    };
    for property in checker.model().properties() {
        match (property.expectation, found.get(property.name)) {
            (Expectation::Always, Some(path)) => {
                let steps: Vec<String> = path
                    .clone()
                    .into_actions()
                    .iter()
                    .map(|step| format!("    {step:?}"))
                    .collect();
                let last = path.last_state();
                search.broken = Some((property.name, format!("{}\n{last:#?}", steps.join("\n"))));
            }
            (Expectation::Sometimes, None) => search.missed.push(property.name),
            _ => {}
        }
    }
    search
}
