//! Requests that come to the server long after they were sent: their sender has given up, is dead, or
//! still waits, and others have called meanwhile.

mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit::oracle::Journal;
use kit::worker::{Call, LEASE, Site, Strategy};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::scene::Scene;
use crate::TURNS;
use crate::sender::Sender;
use crate::stores::{Store, on_every_server};

on_every_server! {
    no_request_that_comes_late_is_a_bad_one
}

/// So many at once: most of the time they wait for a lease.
static ON_THEIR_WAY: Semaphore = Semaphore::const_new(20);
/// What every request about a record has in it: a part of the record's name.
pub(crate) const NAME: &str = ":op:";

/// Which request of a call comes late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Claim,
    Takeover,
    Renew,
    Complete,
    Release,
    Commit,
}

/// What has become of the key when it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// Nobody else has called; a lease has lapsed.
    Nothing,
    /// A successor is in its body.
    Begun,
    /// A result is stored.
    Completed,
    /// A successor has freed it.
    Released,
}

/// One request that comes late.
#[derive(Debug, Clone, Copy)]
struct Case {
    strategy: Strategy,
    request: Request,
    sender: Sender,
    meanwhile: Meanwhile,
}

async fn no_request_that_comes_late_is_a_bad_one(store: Store) {
    let _turn = TURNS.acquire().await;
    let opened = Arc::new(store.shared());
    let journal = Journal::new();
    let site = Site::new(&*opened.url, "late", &journal);
    site.migrate().await;
    warm(&site, store).await;
    let mut all = JoinSet::new();
    for case in Case::all(store) {
        let opened = Arc::clone(&opened);
        all.spawn(async move {
            let _permit = ON_THEIR_WAY.acquire().await;
            Scene::of(case, &opened).await.play().await
        });
    }
    let wedged = all.join_all().await;
    let (number, longest) = (wedged.len(), wedged.into_iter().max().unwrap_or_default());
    println!("{store:?}: {number} requests came late, and wedged a key for {longest:?} at most");
}

/// Has the server know each script: one that it does not know would do nothing when it comes.
pub(crate) async fn warm(site: &Site, store: Store) {
    static NEXT: AtomicUsize = AtomicUsize::new(3_000_000);
    for &strategy in store.strategies() {
        let key = format!("{strategy}-warm-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        site.prepare(strategy, std::slice::from_ref(&key)).await;
        if !strategy.is_in_transaction() {
            site.abandon(strategy, std::slice::from_ref(&key)).await;
        }
        let (worker, call) = (site.worker().await, Call::new(strategy, key));
        worker.call(&Call { fails: true, ..call.clone() }).await.expect_err("it fails");
        worker.settle(&Call { body: LEASE / 2, ..call }).await.expect("it is free");
    }
}

impl Case {
    fn all(store: Store) -> Vec<Self> {
        let mut all = Vec::new();
        for &strategy in store.strategies() {
            for &request in Request::of(strategy) {
                for sender in Sender::ALL {
                    for &meanwhile in Meanwhile::of(store, strategy, request, sender) {
                        all.push(Self { strategy, request, sender, meanwhile });
                    }
                }
            }
        }
        all
    }

    /// How often a body runs after the request has come.
    fn runs(self) -> usize {
        let nothing = match self.request {
            Request::Commit => 0,
            Request::Complete if !self.strategy.is_in_transaction() => 0,
            // He goes on who waits. What has no commit after it ends with its connection.
            Request::Complete | Request::Renew => usize::from(self.sender != Sender::Waits),
            _ => 1,
        };
        match self.meanwhile {
            Meanwhile::Nothing => nothing,
            Meanwhile::Begun | Meanwhile::Completed => 0,
            Meanwhile::Released => 1,
        }
    }

    /// Whether it leaves a lease that nobody works under.
    fn wedges(self) -> bool {
        let leases = matches!(self.request, Request::Claim | Request::Takeover | Request::Renew);
        leases
            && !self.strategy.is_in_transaction()
            && self.sender != Sender::Waits
            && self.meanwhile == Meanwhile::Nothing
    }
}

impl Request {
    fn of(strategy: Strategy) -> &'static [Self] {
        const ALONE: &[Request] = &[
            Request::Claim,
            Request::Takeover,
            Request::Renew,
            Request::Complete,
            Request::Release,
        ];
        const JOINED: &[Request] =
            &[Request::Claim, Request::Complete, Request::Release, Request::Commit];
        if strategy.is_in_transaction() { JOINED } else { ALONE }
    }

    /// What a request has in it that this is, or that comes before it.
    fn pattern(self, strategy: Strategy) -> &'static str {
        match self {
            Self::Commit => "COMMIT",
            Self::Release if strategy.is_in_transaction() => "ROLLBACK TO",
            _ => NAME,
        }
    }

    /// Whether there is another such request before it: one that finds what is to be taken over.
    fn is_second(self) -> bool {
        self == Self::Takeover
    }

    fn is_claim(self) -> bool {
        matches!(self, Self::Claim | Self::Takeover)
    }
}

impl Meanwhile {
    /// What can become of a key.
    fn of(store: Store, strategy: Strategy, request: Request, sender: Sender) -> &'static [Self] {
        let is_kv = matches!(store, Store::Redis | Store::Valkey);
        match request {
            // Nobody gets a key while the server has the transaction that has claimed it.
            _ if strategy.is_in_transaction() && !request.is_claim() => &[Self::Nothing],
            // Who gives up and lives sends the same again, and that comes first.
            Request::Renew | Request::Complete if sender == Sender::GivesUp => &[Self::Completed],
            _ if is_kv && request.is_claim() && sender == Sender::GivesUp => &[Self::Completed],
            _ => &[Self::Nothing, Self::Begun, Self::Completed, Self::Released],
        }
    }
}
