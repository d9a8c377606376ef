//! Who waits in a lane, and who is next.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Batch;
use crate::store::Names;

/// How many entries a batch has at most: the locks that it takes are counted by the server.
pub(super) const MOST: usize = 128;

/// What a lane keeps under its lock.
pub(super) struct Queue<B: Batch> {
    /// How many are on their way alone.
    pub(super) alone: usize,
    /// The number of the task that sends, while there is one.
    pub(super) sender: Option<u64>,
    /// How many batches were answered.
    pub(super) answered: u64,
    /// By their numbers: who has waited longest is first.
    pub(super) waiting: VecDeque<Waiting<B>>,
    /// Entries and senders are numbered in one row.
    pub(super) last_number: u64,
}

/// An entry that waits to be sent.
pub(super) struct Waiting<B: Batch> {
    pub(super) number: u64,
    pub(super) entry: B::Entry,
    /// When its caller's time is over.
    pub(super) deadline: Instant,
    pub(super) caller: Caller<B>,
}

/// How far the queue has come: two that are the same tell that nothing has moved between them.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Progress {
    pub(super) sender: Option<u64>,
    pub(super) answered: u64,
}

/// Gets the reply.
pub(super) type Caller<B> = oneshot::Sender<Reply<B>>;

/// The answer, with the entry; `None` if it was not sent, since the answer would have come too late.
pub(super) type Reply<B> = Option<(<B as Batch>::Entry, <B as Batch>::Answer)>;

impl<B: Batch> Default for Queue<B> {
    fn default() -> Self {
        Self { alone: 0, sender: None, answered: 0, waiting: VecDeque::new(), last_number: 0 }
    }
}

impl<B: Batch> Queue<B> {
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { sender: self.sender, answered: self.answered }
    }

    /// The next batch: those who have waited longest, one entry a name, sorted; none whose caller has
    /// left. None either that has less time than it `needs`: it would cost as much as another, and be
    /// answered too late.
    pub(super) fn take(&mut self, needs: Duration) -> Vec<Waiting<B>> {
        let in_time = Instant::now() + needs;
        let mut batch: Vec<Waiting<B>> = Vec::with_capacity(self.waiting.len().min(MOST));
        let (mut names, mut repeated) = (Names::default(), Vec::new());
        while batch.len() < MOST
            && let Some(waiting) = self.waiting.pop_front()
        {
            if waiting.caller.is_closed() {
                continue;
            }
            if waiting.deadline < in_time {
                // It may have left just now.
                let _ = waiting.caller.send(None);
                continue;
            }
            let is_new = names.insert(B::name(&waiting.entry).clone());
            if is_new { &mut batch } else { &mut repeated }.push(waiting);
        }
        for waiting in repeated.into_iter().rev() {
            self.waiting.push_front(waiting);
        }
        batch.sort_by(|one, other| B::name(&one.entry).cmp(B::name(&other.entry)));
        batch
    }
}
