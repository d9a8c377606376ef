//! The queue between the provider and the workers. What is not acknowledged comes again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{self, Instant};

use super::answer::Answer;
use super::delivery::Delivery;

/// The longest pause before a delivery comes again. Real brokers pause for longer; here a person
/// waits.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// When a delivery is put aside.
const PATIENCE: Duration = Duration::from_secs(30);

/// A delivery on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) delivery: Delivery,
    since: Instant,
    told_in_flight: u32,
    tries: u32,
}

/// A delivery that is acknowledged, or put aside.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) delivery: Delivery,
    pub(super) answer: Answer,
    /// How often it was told that its event was being handled.
    pub(super) told_in_flight: u32,
}

#[derive(Debug)]
pub(super) struct Broker {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Debug)]
struct Queue {
    ready: VecDeque<Parcel>,
    /// Deliveries that are not settled, wherever they are.
    open: usize,
    settled: Vec<Settled>,
}

impl Broker {
    pub(super) fn new(deliveries: &[Delivery]) -> Arc<Self> {
        let since = Instant::now();
        let parcel = |delivery: &Delivery| Parcel {
            delivery: delivery.clone(),
            since,
            told_in_flight: 0,
            tries: 0,
        };
        let ready: VecDeque<_> = deliveries.iter().map(parcel).collect();
        let queue = Queue { open: ready.len(), ready, settled: Vec::new() };
        Arc::new(Self { queue: Mutex::new(queue), changed: Notify::new() })
    }

    /// The next delivery to handle; `None` when all are settled. Dropping the future loses none.
    pub(super) async fn next(&self) -> Option<Parcel> {
        loop {
            let changed = self.changed.notified();
            {
                let mut queue = self.queue();
                if let Some(parcel) = queue.ready.pop_front() {
                    return Some(parcel);
                }
                if queue.open == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Takes a worker's answer: the delivery is settled, or comes again after a pause.
    pub(super) fn answer(self: &Arc<Self>, mut parcel: Parcel, answer: Answer) {
        let pause = match &answer {
            Answer::InFlight { after } => {
                parcel.told_in_flight += 1;
                *after
            }
            Answer::Retry { after, .. } => *after,
            _ => return self.settle(parcel, answer),
        };
        if parcel.since.elapsed() > PATIENCE {
            return self.settle(parcel, answer);
        }
        let growing = Duration::from_millis(5) * 2_u32.pow(parcel.tries.min(10));
        parcel.tries += 1;
        let broker = Arc::clone(self);
        tokio::spawn(async move {
            time::sleep(pause.min(growing).min(LONGEST_PAUSE)).await;
            broker.back(parcel);
        });
    }

    /// Takes a delivery back from a worker that is gone.
    pub(super) fn back(&self, parcel: Parcel) {
        self.queue().ready.push_back(parcel);
        self.changed.notify_waiters();
    }

    /// Whether every delivery is settled.
    pub(super) fn is_done(&self) -> bool {
        self.queue().open == 0
    }

    /// What became of the deliveries.
    pub(super) fn settled(&self) -> Vec<Settled> {
        std::mem::take(&mut self.queue().settled)
    }

    fn settle(&self, parcel: Parcel, answer: Answer) {
        let Parcel { delivery, told_in_flight, .. } = parcel;
        let mut queue = self.queue();
        queue.settled.push(Settled { delivery, answer, told_in_flight });
        queue.open -= 1;
        if queue.open == 0 {
            self.changed.notify_waiters();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::Event;
    use super::*;

    fn broker(lines: usize) -> Arc<Broker> {
        let event = Event {
            id: "e".to_owned(),
            kind: String::new(),
            account: String::new(),
            amount: 1,
            currency: "EUR".to_owned(),
        };
        let delivery = |line| Delivery { line, event: event.clone() };
        Broker::new(&(1..=lines).map(delivery).collect::<Vec<_>>())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_in_flight_comes_again_until_it_is_settled() {
        let broker = broker(1);
        for _ in 0..3 {
            let parcel = broker.next().await.unwrap();
            broker.answer(parcel, Answer::InFlight { after: Duration::from_secs(30) });
        }
        let parcel = broker.next().await.unwrap();
        broker.answer(parcel, Answer::Mismatch);
        assert!(broker.next().await.is_none());
        let settled = broker.settled();
        assert_eq!((settled.len(), settled[0].told_in_flight), (1, 3));
        assert_eq!(settled[0].answer, Answer::Mismatch);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_succeeds_is_put_aside() {
        let broker = broker(1);
        let retry = Answer::Retry { after: Duration::from_secs(1), reason: "away".to_owned() };
        while let Some(parcel) = broker.next().await {
            broker.answer(parcel, retry.clone());
        }
        assert_eq!(broker.settled()[0].answer, retry);
    }

    #[tokio::test]
    async fn every_waiting_worker_hears_of_the_end() {
        let broker = broker(1);
        let parcel = broker.next().await.unwrap();
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let broker = Arc::clone(&broker);
                tokio::spawn(async move { broker.next().await.is_none() })
            })
            .collect();
        tokio::task::yield_now().await;
        broker.answer(parcel, Answer::Mismatch);
        for worker in waiting {
            assert!(worker.await.unwrap());
        }
        assert!(broker.is_done());
    }
}
