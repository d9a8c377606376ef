//! The fence is the database's choice.

use idem::{Error, Idem, Plan};

use crate::database::{Database, key};

on_every_database! {
    fences_grow_whatever_becomes_of_the_row
    a_running_record_shows_its_fence
}

const PLAN: Plan = Plan::db();

async fn fence(idem: &Idem) -> u64 {
    let body = async { Err::<(), _>(Error::in_flight(idem::attempt().fence().to_string(), SOON)) };
    let error = idem.call(&PLAN, key(1_u64), body).await.unwrap_err();
    let Error::InFlight { key, .. } = error else { panic!("{error:?}") };
    key.parse().unwrap()
}

use crate::database::SOON;

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
