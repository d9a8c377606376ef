//! An owner who is away for longer than his lease, stopped or cut off, and what befalls whoever takes
//! over: he is killed after his effect, or does not hear that he has won. Then the owner is back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kit::oracle::{How, Journal};
use kit::proxy::Proxy;
use kit::worker::{Call, Gate, Site, Strategy};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::SOON;
use crate::late::{NAME, warm};
use crate::sender::{Sender, Sending};
use crate::stage::Stage;
use crate::stores::{Opened, Store, on_every_store};

on_every_store! {
    nobody_is_wronged_who_follows_a_stopped_owner
}

mod across_a_network {
    use super::nobody_is_wronged_who_follows_an_owner_that_is_cut_off;

    crate::stores::on_every_server! {
        nobody_is_wronged_who_follows_an_owner_that_is_cut_off
    }
}

/// They wait for leases, and do little else: so these have turns of their own.
static AT_ONCE: Semaphore = Semaphore::const_new(16);
/// A body that its process is killed in.
const LONG: Duration = Duration::from_hours(1);
/// Long enough to be stopped in on a machine that is busy, and over when its owner is back.
const BODY: Duration = Duration::from_millis(1500);

/// What befalls the one who takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Successor {
    /// He is killed after his effect.
    Killed,
    /// His takeover is on its way when the owner is back.
    Late,
    /// He does not hear that he has won, and asks again.
    Unheard,
    /// He does not hear that he has won, and is dead.
    UnheardAndDead,
}

/// When the owner is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    AtOnce,
    /// When the successor's lease is over, too.
    Later,
    /// When another has stored a result.
    TooLate,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    strategy: Strategy,
    successor: Successor,
    back: Back,
}

async fn nobody_is_wronged_who_follows_a_stopped_owner(store: Store) {
    let of =
        |case: &Case| case.successor == Successor::Killed && !case.strategy.is_in_transaction();
    play(store, "stopped", of, Case::with_a_stopped_owner).await;
}

async fn nobody_is_wronged_who_follows_an_owner_that_is_cut_off(store: Store) {
    play(store, "cut off", |_| true, Case::with_a_cut_wire).await;
}

/// Plays all cases of a kind, and says how long the next call waited.
async fn play<F>(store: Store, what: &str, of: fn(&Case) -> bool, case: fn(Case, Arc<Opened>) -> F)
where
    F: Future<Output = Duration> + Send + 'static,
{
    let mut all = JoinSet::new();
    let opened = Arc::new(store.shared());
    let journal = Journal::new();
    let site = Site::new(&*opened.url, "away", &journal);
    site.migrate().await;
    warm(&site, store).await;
    let cases: Vec<_> = Case::all(store).into_iter().filter(of).collect();
    for of_kind in store.share(cases) {
        let opened = Arc::clone(&opened);
        all.spawn(async move {
            let _permit = AT_ONCE.acquire().await;
            case(of_kind, opened).await
        });
    }
    let waited = all.join_all().await;
    let (number, longest) = (waited.len(), waited.into_iter().max().unwrap_or_default());
    println!("{store:?}: {number} owners were {what}; the next call waited {longest:?} at most");
}

impl Case {
    fn all(store: Store) -> Vec<Self> {
        let mut all = Vec::new();
        for &strategy in store.strategies() {
            let mut add = |successor, back| all.push(Self { strategy, successor, back });
            for back in [Back::AtOnce, Back::TooLate] {
                add(Successor::Killed, back);
            }
            // A transaction is gone with its connection: nothing lapses, nothing is taken over.
            if !strategy.is_in_transaction() {
                add(Successor::Killed, Back::Later);
                for successor in [Successor::Late, Successor::Unheard, Successor::UnheardAndDead] {
                    add(successor, Back::AtOnce);
                }
            }
        }
        all
    }

    async fn stage(self, opened: &Opened) -> Stage {
        Stage::of(self.strategy, opened, false, format!("{self:?}")).await
    }

    async fn with_a_stopped_owner(self, opened: Arc<Opened>) -> Duration {
        let stage = self.stage(&opened).await;
        let mut owner = stage.process(BODY).await;
        owner.pause();
        stage.direct.lapsed(&stage.key, SOON).await;
        let killed = killed(&stage).await;
        let stored = self.meanwhile(&stage).await;
        owner.resume();
        owner.close_input();
        let over = async { owner.line_with("over", SOON).await };
        let settled = stage.settle(stored.as_deref());
        let (_, (settled, waited)) =
            tokio::join!(over, async { (settled.await, killed.elapsed()) });
        assert_eq!(stage.runs(), 3, "{self:?}: the owner's, the successor's and the next one's");
        assert_eq!(stage.told(How::Unstored), 1, "{self:?}: the owner's caller");
        stage.judge(&settled).await;
        waited
    }

    async fn with_a_cut_wire(self, opened: Arc<Opened>) -> Duration {
        let stage = self.stage(&opened).await;
        let (gate, mut proxy) = (Gate::default(), Proxy::start(opened.address()).await);
        let call = Call { until: Some(gate.clone()), ..stage.call() };
        let through = stage.site_at(opened.by_way_of(proxy.address()));
        let mut owner = Sending::start(Sender::Waits, through, call).await;
        stage.direct.begun(&stage.key).await;
        proxy.refuse().await;
        proxy.cut_all();
        if !self.strategy.is_in_transaction() {
            stage.direct.lapsed(&stage.key, SOON).await;
        }
        let mut back = async || {
            proxy.accept().await;
            gate.open();
            let answer = owner.answer().await.expect("he waits");
            answer.map_err(|error| error.code())
        };
        if self.successor != Successor::Killed {
            return self.with_an_unheard_successor(&stage, &opened, back).await;
        }
        let killed = killed(&stage).await;
        let stored = self.meanwhile(&stage).await;
        let settled = async { (stage.settle(stored.as_deref()).await, killed.elapsed()) };
        let (told, (settled, waited)) = tokio::join!(back(), settled);
        match told {
            Err(code) => assert!(self.strategy.is_in_transaction() && code == "outage", "{self:?}"),
            Ok((_, how)) => assert_eq!(how, How::Unstored, "{self:?}"),
        }
        assert_eq!(stage.runs(), 3, "{self:?}: the owner's, the successor's and the next one's");
        stage.judge(&settled).await;
        waited
    }

    /// One whose takeover is late, or who does not hear of it while the owner comes back.
    async fn with_an_unheard_successor(
        self,
        stage: &Stage,
        opened: &Opened,
        back: impl AsyncFnOnce() -> Result<(String, How), &'static str>,
    ) -> Duration {
        let mut proxy = Proxy::start(opened.address()).await;
        let through = stage.site_at(opened.by_way_of(proxy.address())).by_one_connection();
        // First he finds what is to be taken over.
        let found = proxy.hold_request(NAME);
        let sender = match self.successor {
            Successor::UnheardAndDead => Sender::Dies,
            _ => Sender::Waits,
        };
        let mut successor = Sending::start(sender, through, stage.call()).await;
        let (found, takeover) = (found.caught().await, proxy.hold_request(NAME));
        found.deliver().await;
        let takeover = takeover.caught().await;
        if self.successor == Successor::Late {
            let (value, how) = back().await.expect("nobody has taken over");
            takeover.deliver().await;
            let told = successor.answer().await.expect("he waits");
            assert_eq!(told.expect("a result"), (value.clone(), How::Replayed), "{self:?}");
            assert_eq!((how, stage.runs()), (How::Stored, 1), "{self:?}");
            stage.judge(&value).await;
            return Duration::ZERO;
        }
        proxy.refuse().await;
        proxy.cut_reply_after(0);
        takeover.deliver().await;
        if sender == Sender::Dies {
            successor.dies().await;
        }
        let (_, how) = back().await.expect("his body has ended well");
        assert_eq!(how, How::Unstored, "{self:?}: the key is the successor's");
        let asked = Instant::now();
        let stored = if sender == Sender::Dies {
            None
        } else {
            proxy.accept().await;
            let (value, how) = successor.answer().await.expect("he waits").expect("he runs");
            assert_eq!(how, How::Stored, "{self:?}");
            Some(value)
        };
        let settled = stage.settle(stored.as_deref()).await;
        let waited = asked.elapsed();
        assert_eq!(stage.runs(), 2, "{self:?}: the owner's, and one more");
        stage.judge(&settled).await;
        waited
    }

    /// What goes on until the owner is back: what is stored then.
    async fn meanwhile(self, stage: &Stage) -> Option<String> {
        match self.back {
            Back::AtOnce => {}
            Back::Later => stage.direct.lapsed(&stage.key, SOON).await,
            Back::TooLate => return Some(stage.settle(None).await),
        }
        None
    }
}

/// Somebody takes over, and is killed after his effect: when.
async fn killed(stage: &Stage) -> Instant {
    let mut successor = stage.process(LONG).await;
    successor.kill();
    Instant::now()
}
