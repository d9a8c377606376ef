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

mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use self::queue::{Progress, Queue, Reply, Waiting};
use crate::__private::crash;
use crate::store::Name;

/// One kind of step. Two kinds never share a batch: in opposite orders they would lock each other.
pub(super) trait Batch: Send + Sync + 'static {
    /// How many go alone at once. Beyond it one statement for all costs less than one for each.
    const ALONE: usize;
    /// What sending is called where a test ends the process.
    const STEP: &'static str;
    /// How many batches a step has to be in from this one on.
    const TURNS: u32 = 1;

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

/// How large a record is that goes alone: a batch stays far below what a server takes in one piece.
const LARGEST: usize = 16 * 1024;
/// A third of a step's time: a batch that is not answered by then leaves its entries time to go alone, as
/// does a queue in which nothing moves.
const SHARES: u32 = 3;
/// What is left of a step's time has to be a quarter for each batch that it has to be in: else it would
/// be answered too late.
const QUARTERS: u32 = 4;

/// Where steps of one kind are gathered.
pub(super) struct Lane<B: Batch>(Arc<Inner<B>>);

struct Inner<B: Batch> {
    batch: Arc<B>,
    /// What a step has for everything.
    timeout: Duration,
    queue: Mutex<Queue<B>>,
}

/// Where an entry is that was not answered yet.
enum Stands {
    /// In a queue that moves, or has a new sender.
    Waiting,
    /// Nowhere: it was taken out of the queue, and nothing was done for it.
    Withdrawn,
    OnItsWay,
}

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
    /// That its time is over; it may be done if it was sent.
    Late { sent: bool },
}

impl<B: Batch> Lane<B> {
    pub(super) fn new(batch: B, timeout: Duration) -> Self {
        Self(Arc::new(Inner { batch: Arc::new(batch), timeout, queue: Mutex::default() }))
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
        let (number, mut seen, heard) = {
            let mut queue = self.0.lock();
            if queue.sender.is_none() && queue.alone < B::ALONE {
                queue.alone += 1;
                return Turn::Alone(Some(Alone(&self.0)));
            }
            let number = queue.next_number();
            let (caller, heard) = oneshot::channel();
            queue.waiting.push_back(Waiting { number, entry: entry(), deadline, caller });
            (number, queue.progress(), heard)
        };
        if seen.sender.is_none() {
            seen.sender = Some(self.0.start_sender());
        }
        let mut listening = Listening { lane: &self.0, heard };
        let share = self.0.timeout / SHARES;
        let mut until = Instant::now() + share;
        loop {
            let answer = timeout_at(until.min(deadline), &mut listening.heard).await;
            if let Ok(answer) = answer {
                return match answer {
                    Ok(Some((_, answer))) => Turn::Answered(answer),
                    Ok(None) => Turn::Late { sent: false },
                    Err(_) => Turn::Unknown,
                };
            }
            match self.0.stands(number, &mut seen, until, deadline) {
                // Its turn comes: alone it would only be one more that waits for a connection.
                Stands::Waiting => until += share,
                Stands::Withdrawn if until < deadline => return Turn::Alone(None),
                Stands::Withdrawn => return Turn::Late { sent: false },
                // Nothing else may be sent for it.
                Stands::OnItsWay if until < deadline => until = deadline,
                Stands::OnItsWay => return Turn::Late { sent: true },
            }
        }
    }
}

impl<B: Batch> Inner<B> {
    fn lock(&self) -> MutexGuard<'_, Queue<B>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task that sends what waits, unless there is one.
    fn start_sender(self: &Arc<Self>) -> u64 {
        let number = {
            let mut queue = self.lock();
            if let Some(number) = queue.sender {
                return number;
            }
            let number = queue.next_number();
            queue.sender = Some(number);
            number
        };
        let sender = Sender { lane: Arc::clone(self), number };
        tokio::spawn(sender.run());
        number
    }

    /// Where an entry stands that has no answer at `until`, or at its `deadline` if that is sooner.
    ///
    /// It waits on for as long as the queue moves. It is withdrawn when its time is over, and when nothing
    /// has moved since what was `seen`: then the sender hangs, or is driven no more, and a new one takes
    /// its place for the others. They wait for that one: alone they would be in its way.
    fn stands(
        self: &Arc<Self>,
        number: u64,
        seen: &mut Progress,
        until: Instant,
        deadline: Instant,
    ) -> Stands {
        let others_wait = {
            let mut queue = self.lock();
            let Ok(at) = queue.waiting.binary_search_by_key(&number, |waiting| waiting.number)
            else {
                return Stands::OnItsWay;
            };
            let now = queue.progress();
            let before = std::mem::replace(seen, now);
            let moves = before != now;
            if moves && until < deadline {
                return Stands::Waiting;
            }
            queue.waiting.remove(at);
            // A wait that the deadline has cut short says nothing of the sender.
            if !moves && until <= deadline {
                queue.sender = None;
            }
            queue.sender.is_none() && !queue.waiting.is_empty()
        };
        if others_wait {
            self.start_sender();
        }
        Stands::Withdrawn
    }

    /// Has what was done taken back: nobody will know of it.
    fn unheard(&self, entry: B::Entry, answer: B::Answer) {
        // Without a runtime it stays until it lapses.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(Arc::clone(&self.batch).unheard(entry, answer));
        }
    }
}

/// A step that is on its way alone.
pub(super) struct Alone<'a, B: Batch>(&'a Inner<B>);

impl<B: Batch> Drop for Alone<'_, B> {
    fn drop(&mut self) {
        self.0.lock().alone -= 1;
    }
}

/// A caller that waits for its answer. Dropped, it has left.
struct Listening<'a, B: Batch> {
    lane: &'a Inner<B>,
    heard: oneshot::Receiver<Reply<B>>,
}

impl<B: Batch> Drop for Listening<'_, B> {
    fn drop(&mut self) {
        self.heard.close();
        if let Ok(Some((entry, answer))) = self.heard.try_recv() {
            self.lane.unheard(entry, answer);
        }
    }
}

/// The task that sends batches, one after another, until nothing waits.
struct Sender<B: Batch> {
    lane: Arc<Inner<B>>,
    number: u64,
}

impl<B: Batch> Sender<B> {
    async fn run(self) {
        while let Some(batch) = self.next() {
            let (entries, callers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.entry, waiting.caller)).unzip();
            let budget = self.lane.timeout / SHARES;
            // Unanswered, the callers are told so by losing their channels.
            crash::before(B::STEP);
            let answers = self.lane.batch.send(&entries, budget).await;
            crash::after(B::STEP);
            let Some(answers) = answers else { continue };
            self.lane.lock().answered += 1;
            let mut asked: Vec<_> = entries.into_iter().zip(callers).map(Some).collect();
            for (at, answer) in answers {
                let Some((entry, caller)) = asked.get_mut(at).and_then(Option::take) else {
                    continue;
                };
                if let Err(Some((entry, answer))) = caller.send(Some((entry, answer))) {
                    self.lane.unheard(entry, answer);
                }
            }
        }
    }

    fn next(&self) -> Option<Vec<Waiting<B>>> {
        let mut queue = self.lane.lock();
        if queue.sender != Some(self.number) {
            return None; // it was held up, and another has taken its place
        }
        let batch = queue.take(self.lane.timeout / QUARTERS * B::TURNS);
        if batch.is_empty() {
            queue.sender = None;
            return None;
        }
        Some(batch)
    }
}

/// Also when its runtime ends: nobody is left waiting for a task that is run no more.
impl<B: Batch> Drop for Sender<B> {
    fn drop(&mut self) {
        let mut queue = self.lane.lock();
        if queue.sender == Some(self.number) {
            queue.sender = None;
            let waiting = std::mem::take(&mut queue.waiting);
            drop(queue);
            drop(waiting);
        }
    }
}

#[cfg(test)]
mod tests;
