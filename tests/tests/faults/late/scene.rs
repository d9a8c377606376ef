//! One request that comes late: how it comes to that, and what is to be true afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use idem::Error;
use kit::oracle::{How, Journal};
use kit::proxy::{Caught, Held, Proxy};
use kit::worker::{Call, Gate, Hook, LEASE, Site, Worker};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Case, Meanwhile, Request};
use crate::sender::{Answer, Sender, Sending};
use crate::stores::Opened;
use crate::{SETTLED, SOON};

/// How much earlier a store's clock may say that a lease is over than the machine's.
const GRAIN: Duration = Duration::from_millis(10);
/// How often one calls who waits for his turn.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Scene {
    case: Case,
    key: String,
    journal: Journal,
    proxy: Arc<Proxy>,
    through: Site,
    /// One whose wire is whole.
    direct: Arc<Worker>,
}

/// Somebody who has called meanwhile, and is in his body until the gate is opened.
struct Successor {
    gate: Gate,
    calling: JoinHandle<Result<(String, How), Error>>,
}

impl Scene {
    pub(super) async fn of(case: Case, opened: &Opened) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(2_000_000);
        let key = format!("{}-late-{}", case.strategy, NEXT.fetch_add(1, Ordering::Relaxed));
        let (journal, proxy) = (Journal::new(), Proxy::start(opened.address()).await);
        let prefix = format!("late-{key}");
        let site = Site::new(&*opened.url, &*prefix, &journal);
        let through = Site::new(opened.by_way_of(proxy.address()), &*prefix, &journal);
        let keys = [key.clone()];
        site.prepare(case.strategy, &keys).await;
        if case.request == Request::Takeover {
            site.abandon(case.strategy, &keys).await;
        }
        let direct = Arc::new(site.worker().await);
        Self { case, key, journal, proxy: Arc::new(proxy), through, direct }
    }

    /// How long nobody got the key because of the request.
    pub(super) async fn play(self) -> Duration {
        let Case { strategy, sender, request, .. } = self.case;
        let gate = Gate::default();
        let (mut sending, caught) = self.sent(&gate).await;
        match sender {
            Sender::Waits => {}
            Sender::GivesUp => {
                if request == Request::Renew {
                    // Its body ends once it has been sent again.
                    self.hold(request).caught().await.deliver().await;
                    gate.open();
                }
                sending.gives_up(strategy).await;
            }
            Sender::Dies => sending.dies().await,
        }
        let (stored, successor) = self.meanwhile().await;
        let runs = self.direct.runs(&self.key);

        let delivered = Instant::now();
        let landed = tokio::time::timeout(SOON, caught.deliver()).await;
        assert!(landed.is_ok(), "{:?}: the server does not answer", self.case);
        gate.open();
        if sender == Sender::Waits {
            self.judge_answer(sending.answer().await, stored.as_deref());
        }
        let stored = match successor {
            Some(successor) => Some(self.succeeds(successor).await),
            None => stored,
        };
        let settled = self.settle(stored.as_deref()).await;
        let wedged = delivered.elapsed();
        assert_eq!(self.direct.runs(&self.key), runs + self.case.runs(), "{:?}", self.case);
        self.judge(&settled).await;
        if self.case.wedges() {
            assert!(wedged + GRAIN >= LEASE, "{:?}: it has not come: {wedged:?}", self.case);
            return wedged;
        }
        Duration::ZERO
    }

    /// Makes the call, and catches its request on its way.
    async fn sent(&self, gate: &Gate) -> (Sending, Caught) {
        let Case { strategy, request, sender, .. } = self.case;
        let (tell, mut held) = mpsc::unbounded_channel();
        let arm = {
            let (proxy, pattern) = (Arc::clone(&self.proxy), request.pattern(strategy));
            move || tell.send(proxy.hold_request(pattern)).expect("it is waited for")
        };
        let mut call = Call::new(strategy, &*self.key);
        call.fails = request == Request::Release;
        match request {
            Request::Claim | Request::Takeover => arm(),
            Request::Renew => {
                call.begins = Some(Hook::new(arm));
                call.until = Some(gate.clone());
            }
            Request::Complete | Request::Release | Request::Commit => {
                call.ends = Some(Hook::new(arm));
            }
        }
        let sending = Sending::start(sender, self.through.clone(), call).await;
        let held = tokio::time::timeout(SOON, held.recv()).await.expect("it comes to that");
        let mut caught = held.expect("a request is held").caught().await;
        if request.is_second() {
            let second = self.hold(request);
            caught.deliver().await;
            caught = second.caught().await;
        }
        (sending, caught)
    }

    fn hold(&self, request: Request) -> Held {
        self.proxy.hold_request(request.pattern(self.case.strategy))
    }
}

/// What happens while it is on its way, and afterwards.
impl Scene {
    /// Brings about what is to happen meanwhile: what is stored then, or who is in his body.
    async fn meanwhile(&self) -> (Option<String>, Option<Successor>) {
        let call = Call::new(self.case.strategy, &*self.key);
        let runs = self.direct.runs(&self.key);
        match self.case.meanwhile {
            Meanwhile::Nothing => self.time_passes(&call).await,
            Meanwhile::Completed => return (Some(self.settle(None).await), None),
            Meanwhile::Begun => {
                let gate = Gate::default();
                let call = Call { until: Some(gate.clone()), ..call };
                let direct = Arc::clone(&self.direct);
                let calling = tokio::spawn(async move { direct.settle(&call).await });
                let begun =
                    tokio::time::timeout(SOON, self.direct.begun_after(&self.key, runs)).await;
                begun.expect("a successor gets it");
                return (None, Some(Successor { gate, calling }));
            }
            Meanwhile::Released => {
                let fails = Call { fails: true, ..call };
                let asked = Instant::now();
                while self.direct.runs(&self.key) == runs {
                    assert!(asked.elapsed() < SOON, "{:?}: nobody gets it", self.case);
                    self.direct.call(&fails).await.expect_err("it fails");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        (None, None)
    }

    /// Until the lease is over, where there is one; a transaction has none, and keeps others out.
    async fn time_passes(&self, call: &Call) {
        if self.case.strategy.is_in_transaction() {
            if !self.case.request.is_claim() {
                let told = self.direct.call(call).await.expect_err("nobody gets it");
                assert_eq!(told.code(), "in_flight", "{:?}: {told:?}", self.case);
            }
        } else if self.case.request.is_claim() {
            // There is nothing to see it by.
            tokio::time::sleep(LEASE).await;
        } else {
            self.direct.lapsed(&self.key, SOON).await;
        }
    }

    /// What a successor stores who was in his body when the request came: it has taken nothing from him.
    async fn succeeds(&self, successor: Successor) -> String {
        successor.gate.open();
        let answer = tokio::time::timeout(SOON, successor.calling).await;
        let answer = answer.expect("his body ends").expect("his call ends");
        let (value, how) = answer.expect("he has it");
        assert_eq!(how, How::Stored, "{:?}: {value}", self.case);
        value
    }

    /// What one is told who still waits.
    fn judge_answer(&self, answer: Answer, stored: Option<&str>) {
        let Case { request, meanwhile, .. } = self.case;
        let answer = answer.expect("he waits");
        let how = match &answer {
            Ok((_, how)) => Ok(*how),
            Err(error) => Err(error.code()),
        };
        let expected = match meanwhile {
            _ if request == Request::Release => Err("outage"), // the body's own
            Meanwhile::Begun if request.is_claim() => Err("in_flight"),
            Meanwhile::Completed if request.is_claim() => Ok(How::Replayed),
            Meanwhile::Released if request.is_claim() => Ok(How::Stored),
            // Also where it has won so late that its lease may be over: it is renewed before he runs.
            Meanwhile::Nothing => Ok(How::Stored),
            Meanwhile::Begun | Meanwhile::Completed | Meanwhile::Released => Ok(How::Unstored),
        };
        assert_eq!(how, expected, "{:?}: {answer:?}", self.case);
        if let (Ok((value, How::Replayed)), Some(stored)) = (&answer, stored) {
            assert_eq!(value, stored, "{:?}", self.case);
        }
    }

    /// What a duplicate gets, soon: what is stored, if something is.
    async fn settle(&self, stored: Option<&str>) -> String {
        let call = Call::new(self.case.strategy, &*self.key);
        let settled = tokio::time::timeout(SETTLED, self.direct.settle(&call)).await;
        let settled = settled.unwrap_or_else(|_| panic!("{:?}: never settled", self.case));
        let (value, _) = settled.unwrap_or_else(|error| panic!("{:?}: {error:?}", self.case));
        if let Some(stored) = stored {
            assert_eq!(value, stored, "{:?}", self.case);
        }
        value
    }

    /// What is to be true when all is over.
    async fn judge(&self, stored: &str) {
        self.settle(Some(stored)).await;
        let other = Call { payload: 1, ..Call::new(self.case.strategy, &*self.key) };
        let told = self.direct.call(&other).await.expect_err("it is another call");
        assert_eq!(told.code(), "mismatch", "{:?}: {told:?}", self.case);
        let promise = crate::promise(self.case.strategy, self.direct.committed().await);
        let violations = self.journal.history().violations(&promise, LEASE);
        assert!(violations.is_empty(), "{:?}: {violations:#?}", self.case);
    }
}
