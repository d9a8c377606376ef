//! A store of one's own that fails at the step where the test wants it.

use std::sync::{Arc, Mutex, PoisonError};

use idem::Store;
use idem::store::{Change, Claim, Claimed, Found, Memory, Name, Record, Settled, StoreError};
use tokio::sync::oneshot;

/// What a store is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To claim a name.
    Claim,
    /// To renew a lease.
    Renew,
    /// To store a result.
    Complete,
    /// To free a name.
    Release,
    /// To forget a name.
    Purge,
    /// To say what stands there.
    Get,
}

/// How a step goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The store can't be reached: nothing is done, and the asker knows.
    Unreached,
    /// Nothing is done, and the asker can't know.
    Undone,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// Nothing is done, and there is never an answer.
    Silent,
}

/// Memory with faults: a real store, of which chosen steps fail, lose their answer or wait.
///
/// A rule is for the next step of its kind, or for all until it is healed; what no rule is for goes
/// through. Clones are the same store.
///
/// ```
/// # use kit::faulty::{Fault, Faulty, Step};
/// # async fn test() {
/// let store = Faulty::new();
/// let idem = idem::Idem::builder().store(store.clone()).build().await.unwrap();
/// store.once(Step::Complete, Fault::AnswerLost);
/// // … a call whose result is stored, and which does not know
/// assert_eq!(store.asked(Step::Complete), 1);
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Faulty {
    inner: Arc<Memory>,
    rules: Arc<Mutex<Rules>>,
}

#[derive(Debug, Default)]
struct Rules {
    once: Vec<(Step, Rule)>,
    always: Vec<(Step, Fault)>,
    asked: Vec<Step>,
}

#[derive(Debug)]
enum Rule {
    Fault(Fault),
    /// Waits until it is let go, before the step or (with its answer) after it.
    Held {
        before: bool,
        reached: oneshot::Sender<()>,
        go: oneshot::Receiver<()>,
    },
}

/// A test fails where an asker that never pauses would hang it.
const TOO_MANY: usize = 100_000;

/// A step that waits, and can be let go.
#[derive(Debug)]
pub struct Held {
    reached: Option<oneshot::Receiver<()>>,
    go: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the step has come.
    ///
    /// # Panics
    ///
    /// When the store has gone before.
    pub async fn reached(&mut self) {
        if let Some(reached) = self.reached.take() {
            reached.await.expect("the store is there");
        }
    }

    /// Lets it go on. Whoever asked may have left.
    pub fn go(self) {
        let _ = self.go.send(());
    }
}

impl Faulty {
    /// An empty store without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next step of this kind fails so.
    pub fn once(&self, step: Step, fault: Fault) {
        self.rules().once.push((step, Rule::Fault(fault)));
    }

    /// Every step of this kind fails so, until [`heal`](Self::heal).
    pub fn always(&self, step: Step, fault: Fault) {
        self.rules().always.push((step, fault));
    }

    /// Takes back what [`always`](Self::always) has said.
    pub fn heal(&self) {
        self.rules().always.clear();
    }

    /// The next step of this kind waits before it is done.
    #[must_use]
    pub fn hold(&self, step: Step) -> Held {
        self.hold_at(step, true)
    }

    /// The next step of this kind is done, and its answer waits.
    #[must_use]
    pub fn hold_answer(&self, step: Step) -> Held {
        self.hold_at(step, false)
    }

    fn hold_at(&self, step: Step, before: bool) -> Held {
        let ((tell, reached), (send, go)) = (oneshot::channel(), oneshot::channel());
        self.rules().once.push((step, Rule::Held { before, reached: tell, go }));
        Held { reached: Some(reached), go: send }
    }

    /// How often it was asked for this.
    #[must_use]
    pub fn asked(&self, step: Step) -> usize {
        self.rules().asked.iter().filter(|asked| **asked == step).count()
    }

    /// All that it was asked for, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.rules().asked.clone()
    }

    fn rule(&self, step: Step) -> Option<Rule> {
        let mut rules = self.rules();
        rules.asked.push(step);
        assert!(rules.asked.len() < TOO_MANY, "asked without end: {step:?}");
        if let Some(at) = rules.once.iter().position(|(of, _)| *of == step) {
            return Some(rules.once.remove(at).1);
        }
        let always = rules.always.iter().find(|(of, _)| *of == step);
        always.map(|(_, fault)| Rule::Fault(*fault))
    }

    async fn take<T>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.rule(step) {
            None => work.await,
            Some(Rule::Fault(Fault::Unreached)) => Err(StoreError::unreached("no way there")),
            Some(Rule::Fault(Fault::Undone)) => Err(StoreError::unknown("the request is lost")),
            Some(Rule::Fault(Fault::AnswerLost)) => {
                work.await?;
                Err(StoreError::unknown("the answer is lost"))
            }
            Some(Rule::Fault(Fault::Silent)) => std::future::pending().await,
            Some(Rule::Held { before: true, reached, go }) => {
                let _ = reached.send(());
                let _ = go.await;
                work.await
            }
            Some(Rule::Held { before: false, reached, go }) => {
                let answer = work.await;
                let _ = reached.send(());
                let _ = go.await;
                answer
            }
        }
    }
}

impl Store for Faulty {
    const COUNTS: bool = true;

    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        self.take(Step::Claim, self.inner.claim(claim)).await
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let step = match change {
            Change::Complete(_) => Step::Complete,
            Change::Release(_) => Step::Release,
            Change::Purge => Step::Purge,
            _ => Step::Renew,
        };
        self.take(step, self.inner.settle(name, running, change)).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.take(Step::Get, self.inner.get(name)).await
    }
}
