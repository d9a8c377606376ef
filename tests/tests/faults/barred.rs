//! An answer that is lost, and the way barred when the same is to be sent again: for a moment, for
//! longer than its sender waits, or until he is dead.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kit::oracle::{How, Journal};
use kit::proxy::{Caught, Proxy};
use kit::worker::{Call, Hook, Site, Strategy};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::SOON;
use crate::late::{NAME, warm};
use crate::sender::{Answer, Sender, Sending};
use crate::stage::Stage;
use crate::stores::{Opened, Store, on_every_server};

on_every_server! {
    no_lost_answer_is_a_bad_one_when_the_way_is_barred
}

/// They wait for leases, and do little else: so these have turns of their own.
static AT_ONCE: Semaphore = Semaphore::const_new(16);

/// Whose answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Claim,
    Takeover,
    Complete,
    Release,
    Commit,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    strategy: Strategy,
    request: Request,
    sender: Sender,
}

async fn no_lost_answer_is_a_bad_one_when_the_way_is_barred(store: Store) {
    let opened = Arc::new(store.shared());
    let journal = Journal::new();
    let site = Site::new(&*opened.url, "barred", &journal);
    site.migrate().await;
    warm(&site, store).await;
    let mut all = JoinSet::new();
    for case in store.share(Case::all(store)) {
        let opened = Arc::clone(&opened);
        all.spawn(async move {
            let _permit = AT_ONCE.acquire().await;
            case.play(&opened).await
        });
    }
    let wedged = all.join_all().await;
    let (number, longest) = (wedged.len(), wedged.into_iter().max().unwrap_or_default());
    println!(
        "{store:?}: {number} answers were lost with the way barred; a key waited {longest:?} at most"
    );
}

impl Case {
    fn all(store: Store) -> Vec<Self> {
        let mut all = Vec::new();
        for &strategy in store.strategies() {
            use Request::{Claim, Commit, Complete, Release, Takeover};
            // A transaction has one connection: nothing of it is sent again.
            let (requests, senders) = if strategy.is_in_transaction() {
                ([Claim, Complete, Release, Commit], &[Sender::GivesUp, Sender::Dies][..])
            } else {
                ([Claim, Takeover, Complete, Release], &Sender::ALL[..])
            };
            for request in requests {
                all.extend(senders.iter().map(|&sender| Self { strategy, request, sender }));
            }
        }
        all
    }

    /// How long nobody got the key after the faults.
    async fn play(self, opened: &Opened) -> Duration {
        let takes_over = self.request == Request::Takeover;
        let stage = Stage::of(self.strategy, opened, takes_over, format!("{self:?}")).await;
        let proxy = Proxy::start(opened.address()).await;
        let through = stage.site_at(opened.by_way_of(proxy.address())).by_one_connection();
        let proxy = Arc::new(Mutex::new(proxy));
        let (mut sending, caught) = self.sent(&stage, through, &proxy).await;
        let (runs, mut proxy) = (stage.runs(), proxy.lock().await);
        proxy.refuse().await;
        proxy.cut_reply_after(0);
        caught.deliver().await;

        let answer = match self.sender {
            Sender::Waits => {
                proxy.accept().await;
                Some(sending.answer_at_last().await)
            }
            Sender::GivesUp => {
                let answer = sending.answer_at_last().await;
                proxy.accept().await;
                Some(answer)
            }
            Sender::Dies => {
                sending.dies().await;
                None
            }
        };
        let over = Instant::now();
        let own = self.judge_answer(answer);
        let settled = stage.settle(own.as_deref()).await;
        let waited = over.elapsed();
        assert_eq!(stage.runs(), runs + self.runs(), "{self:?}");
        stage.judge(&settled).await;
        waited
    }

    /// Makes the call, and catches its request on its way.
    async fn sent(
        self,
        stage: &Stage,
        through: Site,
        proxy: &Arc<Mutex<Proxy>>,
    ) -> (Sending, Caught) {
        let (tell, mut held) = mpsc::unbounded_channel();
        let arm = {
            let (proxy, pattern) = (Arc::clone(proxy), self.pattern());
            move || {
                let proxy = proxy.try_lock().expect("nobody has it meanwhile");
                tell.send(proxy.hold_request(pattern)).expect("it is waited for");
            }
        };
        let mut call = Call { fails: self.request == Request::Release, ..stage.call() };
        match self.request {
            Request::Claim | Request::Takeover => arm(),
            _ => call.ends = Some(Hook::new(arm)),
        }
        let sending = Sending::start(self.sender, through, call).await;
        let held = tokio::time::timeout(SOON, held.recv()).await.expect("it comes to that");
        let mut caught = held.expect("a request is held").caught().await;
        if self.is_second() {
            let second = proxy.lock().await.hold_request(NAME);
            caught.deliver().await;
            caught = second.caught().await;
        }
        (sending, caught)
    }

    /// What the request has in it.
    fn pattern(self) -> &'static str {
        match self.request {
            Request::Commit => "COMMIT",
            Request::Release if self.strategy.is_in_transaction() => "ROLLBACK TO",
            _ => NAME,
        }
    }

    /// Whether another about the key comes before it, which finds what is there.
    fn is_second(self) -> bool {
        self.request == Request::Takeover
    }

    /// How often a body begins after the answer was lost.
    fn runs(self) -> usize {
        match self.request {
            Request::Commit => 0,
            Request::Complete => usize::from(self.strategy.is_in_transaction()),
            // The sender's own, or the next one's.
            Request::Claim | Request::Takeover | Request::Release => 1,
        }
    }

    /// What the sender is told; his value, if it is known to be stored.
    fn judge_answer(self, answer: Option<Answer>) -> Option<String> {
        let answer = answer?.expect("he waits");
        let how = match &answer {
            Ok((_, how)) => Ok(*how),
            Err(error) => Err(error.code()),
        };
        let expected = match (self.request, self.sender) {
            _ if self.strategy.is_in_transaction() => Err("outage"),
            (Request::Release, _) => Err("outage"), // the body's own
            (_, Sender::Waits) => Ok(How::Stored),
            (Request::Complete, _) => Ok(How::Unstored), // as far as he knows
            _ => Err("outage"),
        };
        assert_eq!(how, expected, "{self:?}: {answer:?}");
        answer.ok().map(|(value, _)| value)
    }
}
