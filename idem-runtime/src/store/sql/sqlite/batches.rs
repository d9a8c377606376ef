//! Claims and completions, many at once: the file has one writer, and syncs once for all of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlStr, Sqlite as Db};
use tokio::sync::Mutex;
use tokio::time::timeout_at;

use crate::store::Name;
use crate::store::sql::batch::{Claiming, Completing, Packed, Senders};
use crate::store::sql::lane::Batch;
use crate::store::sql::row::Fields;
use crate::store::sql::step::Step;

/// Two would wait for each other.
const ALONE: usize = 1;

/// By which what writes is sent, in turn with all else that writes.
#[derive(Clone)]
pub(super) struct Writers {
    pub(super) senders: Senders<Db>,
    pub(super) writing: Arc<Mutex<()>>,
}

impl Writers {
    /// The owners and fences that the statement tells of.
    async fn write(
        &self,
        statement: &SqlStr,
        packed: Packed,
        budget: Duration,
    ) -> Option<HashMap<Vec<u8>, i64>> {
        let step = Step::new(&self.senders.pool, budget);
        let _writing = timeout_at(step.deadline(), self.writing.lock()).await.ok()?;
        let statement = sqlx::query(statement.clone()).bind(packed.arrays).bind(packed.records);
        let rows = step.once(statement).await.ok()?;
        let told = |row: &SqliteRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(told).collect::<Result<_, _>>().ok()
    }
}

/// Claims of names that were found free.
pub(super) struct Claims(pub(super) Writers);

impl Batch for Claims {
    const ALONE: usize = ALONE;
    const STEP: &str = "claims";
    type Entry = Claiming;
    /// The fence.
    type Answer = i64;

    fn name(entry: &Claiming) -> &Name {
        &entry.name
    }

    async fn send(&self, entries: &[Claiming], budget: Duration) -> Option<Vec<(usize, i64)>> {
        let packed = Packed::claims(entries);
        let won = self.0.write(&self.0.senders.statements.claims, packed, budget).await?;
        let fence = |entry: &Claiming| won.get(Fields::of(&entry.record).owner()).copied();
        let fences = entries.iter().map(fence).enumerate();
        Some(fences.filter_map(|(at, fence)| Some((at, fence?))).collect())
    }

    async fn unheard(self: Arc<Self>, entry: Claiming, fence: i64) {
        self.0.senders.give_back(entry, fence.unsigned_abs()).await;
    }
}

/// Completions that are written together.
pub(super) struct Completions(pub(super) Writers);

impl Batch for Completions {
    const ALONE: usize = ALONE;
    const STEP: &str = "completions";
    type Entry = Completing;
    type Answer = ();

    fn name(entry: &Completing) -> &Name {
        &entry.name
    }

    async fn send(&self, entries: &[Completing], budget: Duration) -> Option<Vec<(usize, ())>> {
        let packed = Packed::completions(entries);
        let done = self.0.write(&self.0.senders.statements.completions, packed, budget).await?;
        let is_done = |entry: &Completing| done.contains_key(Fields::of(&entry.running).owner());
        let entries = entries.iter().enumerate();
        Some(entries.filter(|(_, entry)| is_done(entry)).map(|(at, _)| (at, ())).collect())
    }

    /// What is complete stays so.
    async fn unheard(self: Arc<Self>, _: Completing, (): ()) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Content, Record, Start, State};
    use crate::store::Store as _;
    use crate::store::sql::sqlite::Sqlite;

    const TIMEOUT: Duration = Duration::from_secs(20);

    fn claiming(name: &str) -> Claiming {
        let start = Start::plain(Duration::from_secs(10), Duration::from_mins(1));
        Claiming { name: Name::new(name), record: Record::running(&start, None) }
    }

    fn completing(claim: &Claiming, fence: i64) -> Completing {
        let running = claim.record.with_fence(fence.unsigned_abs());
        let completed = Record::of(running.next(State::Completed, Content::Nothing), "host/1");
        Completing { name: claim.name.clone(), running, completed }
    }

    /// A store on a file, and by what its batches are sent.
    async fn store() -> (Sqlite, Writers, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let pool = Sqlite::own_pool(Sqlite::file(&folder.path().join("records")), TIMEOUT);
        let store = Sqlite::new(pool, "records", TIMEOUT).unwrap();
        store.migrate().await.unwrap();
        let (pool, statements) = (store.pool.clone(), Arc::clone(&store.statements));
        let senders = Senders { pool, statements, timeout: TIMEOUT };
        let writers = Writers { senders, writing: Arc::clone(&store.writing) };
        (store, writers, folder)
    }

    #[tokio::test]
    async fn a_batch_answers_for_what_it_has_done_and_for_nothing_else() {
        let (store, writers, _folder) = store().await;
        let (claims, completions) = (Claims(writers.clone()), Completions(writers));

        let won = claims.send(&[claiming("a")], TIMEOUT).await.unwrap();
        assert_eq!(won.len(), 1);
        // One is taken already.
        let entries = ["a", "b", "c"].map(claiming);
        let won = claims.send(&entries, TIMEOUT).await.unwrap();
        let [(1, second), (2, third)] = won[..] else { panic!("{won:?}") };
        let all = [
            completing(&entries[0], 1),
            completing(&entries[1], second),
            completing(&entries[2], third),
        ];
        assert_eq!(completions.send(&all, TIMEOUT).await.unwrap(), [(1, ()), (2, ())]);
        let found = store.get(&all[1].name).await.unwrap().unwrap();
        assert_eq!(found.record, all[1].completed);
    }

    #[tokio::test]
    async fn a_claim_that_nobody_hears_of_is_given_back() {
        let (store, writers, _folder) = store().await;
        let claims = Arc::new(Claims(writers));
        let entry = claiming("a");
        let fence = claims.send(std::slice::from_ref(&entry), TIMEOUT).await.unwrap()[0].1;
        claims.unheard(entry, fence).await;
        let found = store.get(&Name::new("a")).await.unwrap().unwrap();
        assert_eq!(found.record.state(), Some(State::Free));
    }
}
