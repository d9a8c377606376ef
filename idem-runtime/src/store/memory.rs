//! Records in this process, on tokio's clock.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    ByName, Change, ChangeStep, Claim, ClaimStep, Claimed, Found, Name, Record, Settled, Shards,
    Standing, Store, StoreError,
};

/// Records in this process: for tests, and for programs that are one process.
///
/// Its clock is `tokio::time`, so a test with `start_paused` moves leases and retention by
/// `tokio::time::advance`. What has expired is dropped as new records come.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let idem = idem::Idem::builder().store(idem::store::Memory::new()).build().await?;
/// # Ok::<(), idem::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct Memory {
    shards: Shards<Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    entries: ByName<Entry>,
    /// Expired entries are dropped when there are this many; then it is set to twice what is left,
    /// so that a record costs a constant share of the sweeps.
    sweep_at: usize,
}

const SWEEP_AT_LEAST: usize = 64;

#[derive(Debug)]
struct Entry {
    record: Record,
    /// When it was written or renewed.
    since: Instant,
    /// How long it is kept from then.
    keep: Duration,
}

impl Entry {
    fn standing(&self, now: Instant) -> Option<Standing<'_>> {
        let age = now.saturating_duration_since(self.since);
        Standing::kept(&self.record, age, self.keep.saturating_sub(age))
    }
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Shard {
    fn standing(&self, name: &Name, now: Instant) -> Option<Standing<'_>> {
        self.entries.get(name).and_then(|entry| entry.standing(now))
    }

    fn write(&mut self, name: &Name, record: &Record, now: Instant, keep: Duration) {
        let entry = Entry { record: record.clone(), since: now, keep };
        self.entries.insert(name.clone(), entry);
        if self.entries.len() > self.sweep_at.max(SWEEP_AT_LEAST) {
            self.entries.retain(|_, entry| entry.standing(now).is_some());
            self.sweep_at = self.entries.len() * 2;
        }
    }
}

impl Store for Memory {
    const COUNTS: bool = true;

    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let now = Instant::now();
        let mut shard = self.shards.of(claim.name);
        match claim.step(shard.standing(claim.name, now)) {
            ClaimStep::Write { keep } => {
                shard.write(claim.name, claim.record, now, keep);
                Ok(Claimed::Won { fence: claim.record.fence() })
            }
            ClaimStep::Answer(answer) => Ok(answer),
        }
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let now = Instant::now();
        let mut shard = self.shards.of(name);
        let (step, settled) = change.step(running, shard.standing(name, now));
        match step {
            ChangeStep::Write { record, keep } => shard.write(name, record, now, keep),
            ChangeStep::Touch { keep } => shard.write(name, running, now, keep),
            ChangeStep::Remove => drop(shard.entries.remove(name)),
            ChangeStep::Nothing => {}
        }
        Ok(settled)
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        let now = Instant::now();
        Ok(self.shards.of(name).standing(name, now).map(|standing| standing.found()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Start;

    #[test]
    fn what_has_expired_is_dropped_when_the_table_has_doubled() {
        let start = Start::plain(Duration::from_millis(1), Duration::from_secs(1));
        let (record, mut shard) = (Record::running(&start, None), Shard::default());
        let mut last = 0;
        let mut now = Instant::now();
        let mut sizes = |count: usize, later: Duration| {
            now += later;
            for _ in 0..count {
                last += 1;
                shard.write(&Name::new(&last.to_string()), &record, now, record.retention());
            }
            shard.entries.len()
        };
        let (at_once, expired) = (Duration::ZERO, Duration::from_secs(2));
        assert_eq!(sizes(SWEEP_AT_LEAST, at_once), SWEEP_AT_LEAST);
        assert_eq!(sizes(1, expired), 1);
        // Nothing has expired when it is looked for: the next look is at twice as many.
        assert_eq!(sizes(SWEEP_AT_LEAST, at_once), SWEEP_AT_LEAST + 1);
        assert_eq!(sizes(SWEEP_AT_LEAST + 1, expired), 2 * (SWEEP_AT_LEAST + 1));
        assert_eq!(sizes(1, at_once), SWEEP_AT_LEAST + 2);
    }
}
