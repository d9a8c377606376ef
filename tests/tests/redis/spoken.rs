//! The three ways of speaking to a server, and what most tests here do with one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::store::{Dialect, Redis, RedisOptions};
use idem::{Builder, Error, Idem, OnErr, Outcome, Plan, with_outcome};
use kit::redis::{Flavour, Server};

/// For what comes in a moment unless something is broken.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A time-out that a loaded machine does not run into.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);

/// A server, and how it is spoken to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spoken {
    /// Redis 7: claims by `SET … NX GET`, the rest by scripts.
    Redis,
    /// Valkey 9: claims and settles without a script.
    Valkey,
    /// By scripts alone, as to a server before Redis 7.
    Scripts,
}

impl Spoken {
    pub(crate) fn flavour(self) -> Flavour {
        match self {
            Self::Redis | Self::Scripts => Flavour::Redis,
            Self::Valkey => Flavour::Valkey,
        }
    }

    /// The server that the tests share.
    pub(crate) fn shared(self) -> &'static Server {
        Server::shared(self.flavour())
    }

    /// A builder of an engine on the server at `url`.
    pub(crate) async fn builder(self, url: &str, timeout: Duration) -> Result<Builder, Error> {
        let builder = Idem::builder().timeout(timeout);
        Ok(match self {
            Self::Redis | Self::Valkey => builder.redis(url),
            Self::Scripts => {
                let options = RedisOptions::default().timeout(timeout).at_most(Dialect::Scripts);
                let redis = Redis::connect(url, &options).await?;
                // The engine's own time-out for a store that it does not know is not under test.
                builder.timeout(2 * timeout).store(redis)
            }
        })
    }

    /// An engine on the server at `url`, under the usual prefix.
    pub(crate) async fn engine(self, url: &str, timeout: Duration) -> Idem {
        let builder = self.builder(url, timeout).await.expect("the server answers");
        builder.build().await.expect("the server answers")
    }

    /// An engine on the server at `url` that has run every script once.
    pub(crate) async fn warm_engine(self, url: &str, timeout: Duration) -> Idem {
        let idem = self.engine(url, timeout).await;
        warm(&idem).await;
        idem
    }
}

/// A text that no other test's keys have in them.
pub(crate) fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("u{}x{}x", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Makes the server know each script, so that none is sent twice later.
pub(crate) async fn warm(idem: &Idem) {
    let counted = Plan::count().limit(2).on_err(OnErr::Release);
    tokio::join!(warm_by(idem, Plan::setnx()), warm_by(idem, counted));
}

async fn warm_by(idem: &Idem, plan: Plan) {
    let key = unique();
    let plan = plan.lease(Duration::from_millis(300));
    let failing = idem.call(&plan, idem::key!("warm:{key}"), async {
        Err::<u8, _>(Error::in_flight("the body's own", Duration::ZERO))
    });
    assert!(failing.await.is_err());
    let slow = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        Ok::<_, Error>(1_u8)
    };
    assert_eq!(idem.call(&plan, idem::key!("warm:{key}"), slow).await.unwrap(), 1);
    assert!(idem.get(&idem::key!("warm:{key}")).await.unwrap().is_some());
}

/// Calls `key`, counting a run: the value is the number of the run, from 1.
pub(crate) async fn call(
    idem: &Idem,
    plan: Plan,
    key: &str,
    runs: &AtomicUsize,
) -> (Result<usize, Error>, Outcome) {
    let body = async { Ok(runs.fetch_add(1, Ordering::Relaxed) + 1) };
    Box::pin(with_outcome(idem.call(&plan, idem::key!("op:{key}"), body))).await
}

/// Claims `key` and leaves it so: a caller that went away in its body.
pub(crate) async fn abandon(idem: &Idem, plan: Plan, key: &str) {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let body = async {
        begun.send(()).unwrap();
        std::future::pending::<Result<usize, Error>>().await
    };
    tokio::select! {
        never = idem.call(&plan, idem::key!("op:{key}"), body) => panic!("{never:?}"),
        begun = has_begun => begun.unwrap(),
    }
}

/// Waits until a lease of `key` has lapsed by the store's clock.
pub(crate) async fn lapsed(idem: &Idem, key: &str) {
    kit::wait_for("the lease to lapse", SOON, async || {
        let entry = idem.get(&idem::key!("op:{key}")).await.unwrap();
        entry.is_some_and(|entry| entry.lease_left.is_none())
    })
    .await;
}

/// Asserts that a duplicate gets `value`, and runs nothing.
pub(crate) async fn assert_replays(idem: &Idem, key: &str, value: usize) {
    let body = async { panic!("a duplicate of op:{key} ran") };
    let plan = Plan::setnx();
    let call = idem.call::<usize, Error, _>(&plan, idem::key!("op:{key}"), body);
    let (answer, outcome) = Box::pin(with_outcome(call)).await;
    assert_eq!(answer.unwrap(), value);
    assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
}
