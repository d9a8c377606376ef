use std::future::pending;

use super::*;
use crate::record::{Content, Start, State};

const TIMEOUT: Duration = Duration::from_secs(2);

/// A store that never answers.
struct Silent;

impl Store for Silent {
    async fn claim(&self, _: Claim<'_>) -> Result<Claimed, StoreError> {
        pending().await
    }

    async fn settle(&self, _: &Name, _: &Record, _: Change<'_>) -> Result<Settled, StoreError> {
        pending().await
    }

    async fn get(&self, _: &Name) -> Result<Option<Found>, StoreError> {
        pending().await
    }
}

fn running() -> Record {
    let start = Start::plain(Duration::from_secs(10), Duration::from_mins(1));
    Record::running(&start, None)
}

#[tokio::test(start_paused = true)]
async fn a_store_is_asked_what_the_shelf_is() {
    let (name, record) = (Name::new("pay:1"), running());
    let completed = Record::of(record.next(State::Completed, Content::Nothing), "host/1");
    for shelf in [Shelf::own(Memory::new(), TIMEOUT), Shelf::Memory(Arc::default())] {
        let claim = Claim::new(&name, &record, None);
        assert_eq!(shelf.get(&name).await.unwrap(), None);
        assert_eq!(shelf.claim(claim).await.unwrap(), Claimed::Won { fence: 1 });
        let found = shelf.get(&name).await.unwrap().unwrap();
        assert_eq!((found.record, found.lease.left()), (record.clone(), Some(record.lease())));
        let complete = Change::Complete(&completed);
        assert_eq!(shelf.settle(&name, &record, complete).await.unwrap(), Settled::Done);
        let found = shelf.get(&name).await.unwrap();
        assert_eq!(found.map(|found| found.record), Some(completed.clone()));
        assert_eq!(shelf.settle(&name, &record, Change::Renew).await.unwrap(), Settled::Lost);
    }
}

#[test]
fn a_store_counts_if_it_says_so() {
    assert!(Shelf::Memory(Arc::default()).counts());
    assert!(Shelf::own(Memory::new(), TIMEOUT).counts());
    assert!(!Shelf::own(Silent, TIMEOUT).counts());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_in_time_may_have_done_something() {
    let (name, record) = (Name::new("pay:1"), running());
    let shelf = Shelf::own(Silent, TIMEOUT);
    let begun = tokio::time::Instant::now();
    let late = [
        shelf.claim(Claim::new(&name, &record, None)).await.unwrap_err(),
        shelf.settle(&name, &record, Change::Renew).await.unwrap_err(),
        shelf.get(&name).await.unwrap_err(),
    ];
    assert_eq!(begun.elapsed().as_secs(), 3 * TIMEOUT.as_secs());
    assert!(late.iter().all(StoreError::may_have_reached));
}
