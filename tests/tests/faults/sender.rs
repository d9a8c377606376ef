//! Who sends a request that is faulted, and what he does meanwhile.

use std::sync::Arc;
use std::time::Duration;

use idem::Error;
use kit::oracle::How;
use kit::worker::{Call, Gate, Site, Strategy, Worker};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::SOON;

/// What a sender does whose request is on its way for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// He waits, with a connection that is open, and hears the answer when it comes.
    Waits,
    /// His time is over. He lives on, and does what there is to be done about it by a wire that is whole.
    GivesUp,
    /// He is dead, and his connections are closed.
    Dies,
}

/// His answer; `None` if he has not waited for it.
pub(crate) type Answer = Option<Result<(String, How), Error>>;

/// Longer than whatever a test does meanwhile.
const PATIENT: Duration = Duration::from_mins(3);
/// Long enough for a send on a loaded machine, and over before the lease is.
const HASTY: Duration = Duration::from_millis(700);
/// So many sends to Redis have the time of one step.
const SENDS: u32 = 3;

impl Sender {
    pub(crate) const ALL: [Self; 3] = [Self::Waits, Self::GivesUp, Self::Dies];
}

/// One who makes a call, with a runtime of his own: when he dies, all that he has ends with it, and
/// nothing else is sent.
pub(crate) struct Sending {
    life: Option<Life>,
    worker: Option<Arc<Worker>>,
    /// Opened, his caller leaves.
    leaves: Gate,
    calling: JoinHandle<Answer>,
}

/// A runtime that ends with its test, wherever that is left.
struct Life(Option<Runtime>);

impl Sending {
    pub(crate) async fn start(sender: Sender, site: Site, call: Call) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let life = Life(Some(runtime.expect("a thread can be had")));
        let hasty = if Strategy::OF_KV.contains(&call.strategy) { SENDS * HASTY } else { HASTY };
        let timeout = if sender == Sender::GivesUp { hasty } else { PATIENT };
        let worker = life.runtime().spawn(async move { site.worker_within(timeout).await });
        let worker = Arc::new(worker.await.expect("the store answers"));
        let (caller, leaves) = (Arc::clone(&worker), Gate::default());
        let left = leaves.clone();
        let calling = life.runtime().spawn(async move {
            tokio::select! {
                answer = caller.call(&call) => Some(answer),
                () = left.opened() => None,
            }
        });
        Self { life: Some(life), worker: Some(worker), leaves, calling }
    }

    /// His answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        let answer = tokio::time::timeout(SOON, &mut self.calling).await;
        answer.expect("it is answered").expect("the call ends")
    }

    /// Waits until he has given up, and done in the background what he would. The statements of a
    /// transaction have the time that their caller gives them.
    pub(crate) async fn gives_up(&mut self, strategy: Strategy) {
        if strategy.is_in_transaction() {
            self.leaves.open();
        }
        self.answer_at_last().await;
    }

    /// His answer, when there is nothing more that he does in the background.
    pub(crate) async fn answer_at_last(&mut self) -> Answer {
        let answer = self.answer().await;
        self.worker.as_ref().expect("he lives").shutdown().await;
        answer
    }

    pub(crate) async fn dies(&mut self) {
        let life = self.life.take().expect("he dies once");
        let dead = tokio::task::spawn_blocking(|| life.end());
        dead.await.expect("it ends");
        self.worker = None;
    }
}

impl Life {
    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("it lives")
    }

    /// Waits until nothing of it is left.
    fn end(mut self) {
        self.0.take().expect("it lives").shutdown_timeout(SOON);
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
