//! Connections that are cut after byte n, for each n of each request and reply of each operation.
//!
//! The short form takes the first and the last bytes of each, and some between; the long form all.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kit::oracle::Journal;
use kit::proxy::Proxy;
use kit::worker::{Call, Hook, LEASE, Site, Strategy, Worker};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stores::{Opened, Store, on_every_server};
use crate::{SETTLED, TURNS};

on_every_server! {
    no_byte_of_a_request_or_reply_is_a_bad_one_to_be_cut_at
}

/// So many wires at once.
static WIRES: Semaphore = Semaphore::const_new(32);
/// Between two bytes at which the short form cuts, about.
const STRIDE: usize = 61;

/// Where in a call a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Claim,
    Takeover,
    Renew,
    Complete,
    Release,
}

/// Which bytes are counted.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Request,
    Reply,
}

impl Operation {
    /// Those that a strategy has. In a transaction all is one operation, from its begin to its commit.
    fn of(strategy: Strategy) -> &'static [Self] {
        match strategy {
            _ if strategy.is_in_transaction() => &[Self::Claim, Self::Release],
            _ => &[Self::Claim, Self::Takeover, Self::Renew, Self::Complete, Self::Release],
        }
    }

    /// So many places by one wire, and so many claims at once that are to be taken over there.
    fn places_a_wire(self) -> usize {
        match self {
            // Each takes the time of two bodies that are long.
            Self::Renew => 3,
            _ => 16,
        }
    }

    /// A call that has it, of a key.
    fn call(self, strategy: Strategy, key: &str) -> Call {
        // Long enough for a renewal that is cut to be sent again.
        let body = if self == Self::Renew { LEASE * 2 / 3 } else { Duration::ZERO };
        Call { body, fails: self == Self::Release, ..Call::new(strategy, key) }
    }
}

async fn no_byte_of_a_request_or_reply_is_a_bad_one_to_be_cut_at(store: Store) {
    let _turn = TURNS.acquire().await;
    let opened = Arc::new(store.shared());
    Site::new(&*opened.url, "wires", &Journal::new()).migrate().await;
    let mut all = JoinSet::new();
    for strategy in store.strategies() {
        for operation in Operation::of(*strategy) {
            for direction in [Direction::Request, Direction::Reply] {
                let opened = Arc::clone(&opened);
                all.spawn(cut_everywhere(opened, *strategy, *operation, direction));
            }
        }
    }
    let cuts: usize = all.join_all().await.into_iter().sum();
    println!("{store:?}: connections were cut at {cuts} bytes");
}

/// One operation behind a wire.
struct Wire {
    proxy: Arc<Proxy>,
    /// Behind the wire, and not.
    behind: Worker,
    direct: Worker,
    strategy: Strategy,
    operation: Operation,
    direction: Direction,
}

/// How often a connection was cut.
async fn cut_everywhere(
    opened: Arc<Opened>,
    strategy: Strategy,
    operation: Operation,
    direction: Direction,
) -> usize {
    let places = places(cut_at(&opened, strategy, operation, direction, &[]).await);
    let mut all = JoinSet::new();
    for some in places.chunks(operation.places_a_wire()) {
        let (opened, some) = (Arc::clone(&opened), some.to_vec());
        all.spawn(async move { cut_at(&opened, strategy, operation, direction, &some).await });
    }
    all.join_all().await;
    places.len()
}

/// Cuts at these places. How many bytes the operation is long.
async fn cut_at(
    opened: &Opened,
    strategy: Strategy,
    operation: Operation,
    direction: Direction,
    places: &[usize],
) -> usize {
    let _permit = WIRES.acquire().await;
    let journal = Journal::new();
    let proxy = Arc::new(Proxy::start(opened.address()).await);
    let prefix = format!("wires-{strategy}-{operation:?}-{direction:?}");
    let site = Site::new(&*opened.url, &*prefix, &journal);
    let through = Site::new(opened.by_way_of(proxy.address()), &*prefix, &journal);

    // Twice: what is sent once a connection is not what is cut.
    let keys = prepared(&site, strategy, operation, 2 + 2 * places.len()).await;
    let (behind, direct) = (through.worker().await, site.worker().await);
    let wire = Wire { proxy, behind, direct, strategy, operation, direction };
    wire.operate(&keys[0], None).await;
    let length = wire.operate(&keys[1], None).await;

    for (place, keys) in places.iter().zip(keys[2..].as_chunks::<2>().0) {
        // A new connection, which knows its statements. Who opens transactions himself may find that the
        // one before is dead.
        for _ in 0..=usize::from(strategy.is_in_transaction()) {
            wire.operate(&keys[0], None).await;
        }
        wire.operate(&keys[1], Some(*place)).await;
        wire.judge(&keys[1], *place).await;
    }
    // What failed on purpose succeeds now.
    for key in &keys {
        wire.direct.settle(&Call::new(strategy, &**key)).await.expect("it is free");
    }
    let committed = wire.direct.committed().await;
    let failed = journal.history().violations(&crate::promise(strategy, committed), LEASE);
    assert!(failed.is_empty(), "{prefix}: {failed:#?}");
    length
}

/// So many keys, with a claim to be taken over on each where that is the operation.
async fn prepared(
    site: &Site,
    strategy: Strategy,
    operation: Operation,
    number: usize,
) -> Vec<String> {
    static NEXT: AtomicUsize = AtomicUsize::new(1_000_000);
    let next = || NEXT.fetch_add(1, Ordering::Relaxed);
    let keys: Vec<_> = (0..number).map(|_| format!("{strategy}-cut-{}", next())).collect();
    site.prepare(strategy, &keys).await;
    if operation == Operation::Takeover {
        site.abandon(strategy, &keys).await;
    }
    keys
}

/// Where to cut what is so long.
fn places(length: usize) -> Vec<usize> {
    let is_taken = |place: &usize| {
        let is_at_an_end = *place < 2 || place + 2 > length;
        crate::is_long() || is_at_an_end || place.is_multiple_of(STRIDE)
    };
    (0..=length).filter(is_taken).collect()
}

impl Wire {
    /// Makes a call in which the operation meets a cut after so many bytes; how long it was.
    async fn operate(&self, key: &str, cut: Option<usize>) -> usize {
        let (proxy, direction) = (Arc::clone(&self.proxy), self.direction);
        let passed = move || match direction {
            Direction::Request => proxy.requested(),
            Direction::Reply => proxy.replied(),
        };
        let (began, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let arm = {
            let (proxy, began, passed) =
                (Arc::clone(&self.proxy), Arc::clone(&began), passed.clone());
            move || {
                began.store(passed(), Ordering::SeqCst);
                match (cut, direction) {
                    (None, _) => {}
                    (Some(bytes), Direction::Request) => proxy.cut_request_after(bytes),
                    (Some(bytes), Direction::Reply) => proxy.cut_reply_after(bytes),
                }
            }
        };
        let measure = {
            let (ended, passed) = (Arc::clone(&ended), passed.clone());
            move || ended.store(passed(), Ordering::SeqCst)
        };

        let mut call = self.operation.call(self.strategy, key);
        let is_whole = self.strategy.is_in_transaction();
        match self.operation {
            Operation::Claim | Operation::Takeover => {
                arm();
                if !is_whole {
                    call.begins = Some(Hook::new(measure.clone()));
                }
            }
            Operation::Release if is_whole => arm(),
            Operation::Renew => {
                call.begins = Some(Hook::new(arm));
                call.ends = Some(Hook::new(measure.clone()));
            }
            Operation::Complete | Operation::Release => call.ends = Some(Hook::new(arm)),
        }
        // Where it is in the caller's transaction, that has failed, and all of it is to be done again.
        let answer = self.behind.call(&call).await;
        let fails = call.fails || is_whole;
        assert!(answer.is_ok() || fails, "{self:?}, cut at {cut:?}: {answer:?}");
        self.proxy.heal();
        if ended.load(Ordering::SeqCst) == 0 {
            measure();
        }
        ended.load(Ordering::SeqCst).saturating_sub(began.load(Ordering::SeqCst))
    }

    /// What duplicates are told after a cut, and what has run.
    async fn judge(&self, key: &str, cut: usize) {
        let call = Call::new(self.strategy, key);
        let settled = tokio::time::timeout(SETTLED, self.direct.settle(&call)).await;
        settled.unwrap_or_else(|_| panic!("{self:?}, cut at {cut}: never settled")).unwrap();
        let runs = self.direct.runs(key);
        let expected = match self.operation {
            _ if self.strategy.is_in_transaction() => runs,
            Operation::Release | Operation::Takeover => 2,
            Operation::Claim | Operation::Renew | Operation::Complete => 1,
        };
        assert_eq!(runs, expected, "{self:?}, cut at {cut}");
        let other = self.direct.call(&Call { payload: 1, ..call }).await.unwrap_err();
        assert_eq!(other.code(), "mismatch", "{self:?}, cut at {cut}: {other:?}");
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.strategy, self.operation, self.direction)
    }
}
