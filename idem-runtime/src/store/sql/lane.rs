//! Gathering: steps that come while others are on their way are sent together, in one statement that
//! commits once for all of them.
//!
//! A step that finds few others on their way goes alone, by the path that there is without this
//! file. One that finds more starts a task that sends, or waits for it to come back: it then takes
//! all that have come meanwhile. So there is nothing to wait for but the database, and nothing to
//! set.
//!
//! A batch answers for the entries that it is certain of, once it has committed. A step that gets no
//! answer, because the batch failed, its end is unknown or the entry was left out, goes alone with what
//! it has sent before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::__private::crash;
use crate::store::Name;

/// One kind of step. Two kinds never share a batch: in opposite orders they would lock each other.
pub(super) trait Batch: Send + Sync + 'static {
    /// How many go alone at once. Beyond it one statement for all costs less than one for each.
    const ALONE: usize;
    /// What sending is called where a test ends the process.
    const STEP: &'static str;

    /// One step.
    type Entry: Send + Sync;
    type Answer: Send;

    /// What it is about: no two of a batch are about the same.
    fn name(entry: &Self::Entry) -> &Name;

    /// Sends entries, sorted by their names, within `budget`, and answers for some of them, each by
    /// its place; `None` where the database has refused, or did not answer.
    fn send(
        &self,
        entries: &[Self::Entry],
        budget: Duration,
    ) -> impl Future<Output = Option<Vec<(usize, Self::Answer)>>> + Send;

    /// Takes back what was done for an entry whose caller has left.
    fn unheard(
        self: Arc<Self>,
        entry: Self::Entry,
        answer: Self::Answer,
    ) -> impl Future<Output = ()> + Send;
}

/// How many entries a batch has at most: the locks that it takes are counted by the server.
const MOST: usize = 128;
/// How large a record is that goes alone: a batch stays far below what a server takes in one piece.
const LARGEST: usize = 16 * 1024;
/// A batch that is not answered by then leaves its entries time to go alone.
const SHARES: u32 = 3;

/// Where steps of one kind are gathered.
pub(super) struct Lane<B: Batch>(Arc<Line<B>>);

struct Line<B: Batch> {
    batch: Arc<B>,
    /// What a step has for everything.
    timeout: Duration,
    state: Mutex<State<B>>,
}

struct State<B: Batch> {
    /// How many are on their way alone.
    alone: usize,
    /// The number of the task that sends, while there is one.
    sender: Option<u64>,
    waiting: Vec<Waiting<B>>,
    /// Of entries and senders.
    last_number: u64,
}

struct Waiting<B: Batch> {
    number: u64,
    entry: B::Entry,
    caller: Caller<B>,
}

/// Hears the answer, and gets the entry back.
type Caller<B> = oneshot::Sender<(<B as Batch>::Entry, <B as Batch>::Answer)>;

/// What a step is told.
pub(super) enum Turn<'a, B: Batch> {
    /// To go alone, and to keep this meanwhile.
    Alone(
        #[cfg_attr(not(test), expect(dead_code, reason = "is counted while it lives"))]
        Option<Alone<'a, B>>,
    ),
    /// What the batch has done for it.
    Answered(B::Answer),
    /// To go alone, though it may be done already.
    Unknown,
    /// That its time is over, though it may be done.
    Late,
}

impl<B: Batch> Lane<B> {
    pub(super) fn new(batch: B, timeout: Duration) -> Self {
        let state = State { alone: 0, sender: None, waiting: Vec::new(), last_number: 0 };
        Self(Arc::new(Line { batch: Arc::new(batch), timeout, state: Mutex::new(state) }))
    }

    /// Waits for a step's turn, until `deadline`. One with a record of so many `bytes` that it is
    /// dear by itself goes alone.
    pub(super) async fn turn(
        &self,
        deadline: Instant,
        bytes: usize,
        entry: impl FnOnce() -> B::Entry,
    ) -> Turn<'_, B> {
        if bytes > LARGEST {
            return Turn::Alone(None);
        }
        let (number, sender, heard) = {
            let mut state = self.0.lock();
            if state.sender.is_none() && state.alone < B::ALONE {
                state.alone += 1;
                return Turn::Alone(Some(Alone(&self.0)));
            }
            let number = state.next_number();
            let (caller, heard) = oneshot::channel();
            state.waiting.push(Waiting { number, entry: entry(), caller });
            (number, state.sender, heard)
        };
        let sender = match sender {
            Some(sender) => sender,
            None => self.0.start_sender(),
        };
        let mut listening = Listening { line: &self.0, heard };
        let soon = deadline.min(Instant::now() + self.0.timeout / SHARES);
        match timeout_at(soon, &mut listening.heard).await {
            Ok(answer) => {
                return answer.map_or(Turn::Unknown, |(_, answer)| Turn::Answered(answer));
            }
            Err(_) if self.0.withdraw(number, sender) => return Turn::Unknown,
            Err(_) => {}
        }
        // It is on its way: nothing else may be sent for it.
        match timeout_at(deadline, &mut listening.heard).await {
            Ok(answer) => answer.map_or(Turn::Unknown, |(_, answer)| Turn::Answered(answer)),
            Err(_) => Turn::Late,
        }
    }
}

impl<B: Batch> Line<B> {
    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task that sends what waits, unless there is one.
    fn start_sender(self: &Arc<Self>) -> u64 {
        let number = {
            let mut state = self.lock();
            if let Some(number) = state.sender {
                return number;
            }
            let number = state.next_number();
            state.sender = Some(number);
            number
        };
        let sender = Sender { line: Arc::clone(self), number };
        tokio::spawn(sender.run());
        number
    }

    /// Takes an entry back that has waited for too long; `false` when it is on its way. The sender
    /// that it has waited for hangs, or is run no more: another takes its place.
    fn withdraw(self: &Arc<Self>, number: u64, sender: u64) -> bool {
        let (was_waiting, others_wait) = {
            let mut state = self.lock();
            let at = state.waiting.iter().position(|waiting| waiting.number == number);
            if let Some(at) = at {
                state.waiting.swap_remove(at);
                if state.sender == Some(sender) {
                    state.sender = None;
                }
            }
            (at.is_some(), state.sender.is_none() && !state.waiting.is_empty())
        };
        if others_wait {
            self.start_sender();
        }
        was_waiting
    }

    /// Has what was done taken back: nobody will know of it.
    fn unheard(&self, entry: B::Entry, answer: B::Answer) {
        // Without a runtime it stays until it lapses.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(Arc::clone(&self.batch).unheard(entry, answer));
        }
    }
}

impl<B: Batch> State<B> {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The next batch: sorted, one entry a name, none whose caller has left.
    fn take(&mut self) -> Vec<Waiting<B>> {
        self.waiting.retain(|waiting| !waiting.caller.is_closed());
        self.waiting.sort_by(|one, other| B::name(&one.entry).cmp(B::name(&other.entry)));
        let mut batch: Vec<Waiting<B>> = Vec::with_capacity(self.waiting.len().min(MOST));
        let mut rest = Vec::new();
        for waiting in self.waiting.drain(..) {
            let is_repeated =
                batch.last().is_some_and(|last| B::name(&last.entry) == B::name(&waiting.entry));
            if is_repeated || batch.len() == MOST {
                rest.push(waiting);
            } else {
                batch.push(waiting);
            }
        }
        self.waiting = rest;
        batch
    }
}

/// A step that is on its way alone.
pub(super) struct Alone<'a, B: Batch>(&'a Line<B>);

impl<B: Batch> Drop for Alone<'_, B> {
    fn drop(&mut self) {
        self.0.lock().alone -= 1;
    }
}

/// A caller that waits for its answer. Dropped, it has left.
struct Listening<'a, B: Batch> {
    line: &'a Line<B>,
    heard: oneshot::Receiver<(B::Entry, B::Answer)>,
}

impl<B: Batch> Drop for Listening<'_, B> {
    fn drop(&mut self) {
        self.heard.close();
        if let Ok((entry, answer)) = self.heard.try_recv() {
            self.line.unheard(entry, answer);
        }
    }
}

/// The task that sends batches, one after another, until nothing waits.
struct Sender<B: Batch> {
    line: Arc<Line<B>>,
    number: u64,
}

impl<B: Batch> Sender<B> {
    async fn run(self) {
        while let Some(batch) = self.next() {
            let (entries, callers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.entry, waiting.caller)).unzip();
            let budget = self.line.timeout / SHARES;
            // Unanswered, the callers are told so by losing their channels.
            crash::before(B::STEP);
            let answers = self.line.batch.send(&entries, budget).await;
            crash::after(B::STEP);
            let Some(answers) = answers else { continue };
            let mut asked: Vec<_> = entries.into_iter().zip(callers).map(Some).collect();
            for (at, answer) in answers {
                let Some((entry, caller)) = asked.get_mut(at).and_then(Option::take) else {
                    continue;
                };
                if let Err((entry, answer)) = caller.send((entry, answer)) {
                    self.line.unheard(entry, answer);
                }
            }
        }
    }

    fn next(&self) -> Option<Vec<Waiting<B>>> {
        let mut state = self.line.lock();
        if state.sender != Some(self.number) {
            return None; // it was held up, and another has taken its place
        }
        let batch = state.take();
        if batch.is_empty() {
            state.sender = None;
            return None;
        }
        Some(batch)
    }
}

/// Also when its runtime ends: nobody is left waiting for a task that is run no more.
impl<B: Batch> Drop for Sender<B> {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        if state.sender == Some(self.number) {
            state.sender = None;
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            drop(waiting);
        }
    }
}

#[cfg(test)]
mod tests;
