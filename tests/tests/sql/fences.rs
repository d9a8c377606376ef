//! The fence is the database's choice.

use std::sync::Arc;

use idem::{Error, Idem, Plan};
use kit::proxy::Proxy;
use tokio::sync::Barrier;

use crate::database::{Database, SOON, key};

on_every_database! {
    fences_grow_whatever_becomes_of_the_row
    a_running_record_shows_its_fence
    claims_that_share_a_statement_know_their_fences
}

const PLAN: Plan = Plan::db();

async fn fence(idem: &Idem) -> u64 {
    let body = async { Err::<(), _>(Error::in_flight(idem::attempt().fence().to_string(), SOON)) };
    let error = idem.call(&PLAN, key(1_u64), body).await.unwrap_err();
    let Error::InFlight { key, .. } = error else { panic!("{error:?}") };
    key.parse().unwrap()
}

/// Also across a purge, which in Redis starts them anew.
async fn fences_grow_whatever_becomes_of_the_row(database: Database) {
    let (one, other) = (database.engine().await, database.engine().await);
    let mut fences = Vec::new();
    for round in 0..3 {
        fences.push(fence(&one).await);
        fences.push(fence(&other).await);
        let last = *fences.last().unwrap();
        if round == 1 {
            let purged = one.purge(&key(1_u64), last).await.unwrap();
            assert_eq!(purged, idem::store::Settled::Done);
            assert_eq!(database.rows().await, 0);
        }
    }
    assert!(fences.is_sorted_by(|one, next| one < next), "{fences:?}");
    // Microseconds since 1970: after 2020, before 2200.
    assert!((1_577_836_800_000_000..7_258_118_400_000_000).contains(&fences[0]), "{fences:?}");
}

async fn a_running_record_shows_its_fence(database: Database) {
    let (idem, elsewhere) = (database.engine().await, database.engine().await);
    let body = async {
        let fence = idem::attempt().fence();
        let entry = elsewhere.get(&key(1_u64)).await?.unwrap();
        assert_eq!((entry.fence, entry.attempts), (fence, 1));
        assert!(entry.lease_left.is_some());
        // A person may complete it under that fence.
        assert_eq!(elsewhere.complete(&key(1_u64), fence, &5).await?, idem::store::Settled::Done);
        Ok::<_, Error>(6)
    };
    assert_eq!(idem.call(&PLAN, key(1_u64), body).await.unwrap(), 6);
    assert_eq!(elsewhere.call(&PLAN, key(1_u64), async { Ok::<_, Error>(7) }).await.unwrap(), 5);
}

/// So many at once that they are claimed together.
async fn claims_that_share_a_statement_know_their_fences(database: Database) {
    const MANY: u64 = 64;
    let (idem, elsewhere) = (database.engine().await, database.engine().await);
    let all_run = Arc::new(Barrier::new(usize::try_from(MANY).unwrap()));
    let calls = (0..MANY).map(|number| {
        let (idem, elsewhere) = (idem.clone(), elsewhere.clone());
        let all_run = Arc::clone(&all_run);
        tokio::spawn(async move {
            let body = async {
                all_run.wait().await;
                let entry = elsewhere.get(&key(number)).await?.unwrap();
                assert_eq!(entry.fence, idem::attempt().fence());
                Ok::<_, Error>(())
            };
            idem.call(&PLAN, key(number), body).await.unwrap();
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

/// What makes a claim of MariaDB's a look and an insert: a duplicate would be logged for its replicas.
const LOGS_STATEMENTS: &str = "set session binlog_format = 'STATEMENT'";

/// On its way, or between its look and its insert, a claim can be held up for longer than another's
/// whole life. The first `delivered` of its statements are not.
async fn a_claim_that_is_held_up(set: &'static str, delivered: usize) {
    let database = Database::mariadb();
    let direct = database.engine().await;
    let proxy = Proxy::start(database.server().address()).await;
    let idem = database.by_way_of(proxy.address()).engine_after(set).await;
    // Each statement once: what is sent from then on are values.
    idem.call(&PLAN, key(1000_u64), async { Ok::<_, Error>(()) }).await.unwrap();

    let requests: Vec<_> = (0..=delivered).map(|_| proxy.hold_request("op:1")).collect();
    let held_up = tokio::spawn(async move { fence(&idem).await });
    let mut last = None;
    for (at, request) in requests.into_iter().enumerate() {
        let caught = request.caught().await;
        if at < delivered {
            caught.deliver().await;
        } else {
            last = Some(caught);
        }
    }
    let missed = fence(&direct).await;
    assert_eq!(direct.purge(&key(1_u64), missed).await.unwrap(), idem::store::Settled::Done);
    last.unwrap().deliver().await;
    let fence = held_up.await.unwrap();
    assert!(fence > missed, "{missed}, then {fence}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_gives_a_claim_that_was_held_up_a_fence_above_what_it_has_missed() {
    a_claim_that_is_held_up("set @nothing = 1", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_does_so_between_a_look_and_an_insert() {
    a_claim_that_is_held_up(LOGS_STATEMENTS, 1).await;
}
