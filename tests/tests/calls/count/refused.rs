//! Where there is no counting, and plans that can't be.

use idem::store::{Change, Claim, Claimed, Found, Memory, Name, Record, Settled, StoreError};
use idem::{Error, Idem, OnOutage, Plan, Store};
use kit::place::Place;

use super::key;
use crate::support::Runs;

/// A store of one's own that has not learnt to count.
struct Plain(Memory);

impl Store for Plain {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        self.0.claim(claim).await
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        self.0.settle(name, running, change).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.0.get(name).await
    }
}

async fn reason(idem: &Idem, plan: Plan) -> String {
    let runs = Runs::default();
    let answer = idem.call(&plan, key(), runs.body()).await;
    assert_eq!(runs.count(), 0);
    match answer {
        Err(Error::Config { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_store_that_does_not_count_says_so() {
    let idem = Idem::builder().store(Plain(Memory::new())).build().await.unwrap();
    let reason = reason(&idem, Plan::count()).await;
    assert!(reason.contains("`Store::COUNTS`"), "{reason}");
    idem.call(&Plan::setnx(), key(), async { Ok::<u8, Error>(1) }).await.unwrap();
}

#[tokio::test]
async fn a_database_does_not_count() {
    let place = Place::sqlite();
    let in_its_table = place.engine().await;
    let reason_of_a_store = reason(&in_its_table, Plan::count()).await;
    assert!(reason_of_a_store.contains("`.redis(url)` or `.memory()`"), "{reason_of_a_store}");
    let folder = tempfile::TempDir::with_prefix("idem-").unwrap();
    let url = kit::place::sqlite_url(folder.path());
    let database = Idem::builder().database(url).build().await.unwrap();
    let reason = reason(&database, Plan::count()).await;
    assert!(reason.contains("not in a database: `.redis(url)` or `.memory()`"), "{reason}");
    let beside = Idem::embedded(folder.path()).await.unwrap();
    beside.call(&Plan::count(), key(), async { Ok::<u8, Error>(1) }).await.unwrap();
}

#[tokio::test]
async fn a_plan_that_cannot_be_is_told() {
    let idem = Idem::in_memory();
    for (plan, told) in [
        (Plan::count().limit(0), "1 to 1000000"),
        (Plan::count().limit(1_000_001), "1 to 1000000"),
        (Plan::setnx().limit(3), "write `Plan::count().limit(…)`"),
        (Plan::db().limit(3), "write `Plan::count().limit(…)`"),
        (Plan::count().on_outage(OnOutage::Run), "`on_outage` is for `setnx`"),
    ] {
        let reason = reason(&idem, plan).await;
        assert!(reason.contains(told), "{reason}");
    }
    let most = Plan::count().limit(1_000_000).on_outage(OnOutage::Fail);
    idem.call(&most, key(), async { Ok::<u8, Error>(1) }).await.unwrap();
}
