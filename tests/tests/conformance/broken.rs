//! A small store in memory that makes one mistake, written as a store author would write it, and
//! not with the steps that the library offers.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use idem::conformance::freed;
use idem::store::{
    Change, Claim, Claimed, Found, Lease, Name, Record, Settled, State, Store, StoreError,
};

use crate::mistake::Mistake::{self, self as M};

/// A store with a mistake.
pub(crate) struct Broken {
    pub(crate) mistake: Mistake,
    rows: Mutex<HashMap<String, Row>>,
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) record: Record,
    pub(crate) written: Instant,
    /// Where the lease counts from: with `written`, unless by mistake.
    leased: Instant,
    /// How long it is kept from when it was written.
    pub(crate) keep: Duration,
}

impl Broken {
    pub(crate) fn by(mistake: Mistake) -> Self {
        Self { mistake, rows: Mutex::default() }
    }

    /// Puts bytes there that the library has not written.
    pub(crate) fn plant(&self, name: &Name, bytes: &[u8]) -> Ready<()> {
        let record = Record::from_bytes(bytes);
        self.write(&mut self.rows(), name, &record, record.retention());
        ready(())
    }

    fn is(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Row>> {
        self.rows.lock().unwrap()
    }

    fn key(&self, name: &Name) -> String {
        match self.mistake {
            M::IgnoresCase => name.to_lowercase(),
            M::CutsNamesAt255 => name[..name.len().min(255)].to_owned(),
            M::EndsNamesAtAQuote => name.split('\'').next().unwrap().to_owned(),
            _ => name.to_string(),
        }
    }

    fn write(&self, rows: &mut HashMap<String, Row>, name: &Name, record: &Record, keep: Duration) {
        let bytes = record.as_bytes();
        let record = match self.mistake {
            M::TakesResultsForText => Record::from_bytes(String::from_utf8_lossy(bytes).as_bytes()),
            M::CutsResultsAt64Kib => Record::from_bytes(&bytes[..bytes.len().min(1 << 16)]),
            _ => record.clone(),
        };
        let now = Instant::now();
        rows.insert(self.key(name), Row { record, written: now, leased: now, keep });
    }

    fn kept(&self, time: Duration) -> Duration {
        match self.mistake {
            M::RoundsTimesUpToSeconds => {
                Duration::from_secs(time.as_millis().div_ceil(1000).try_into().unwrap())
            }
            M::RoundsTimesDownToSeconds => Duration::from_secs(time.as_secs()),
            M::CountsTimesIn32Bits => Duration::from_millis(u64::from(
                u32::try_from(time.as_millis() & 0xffff_ffff).unwrap(),
            )),
            _ => time,
        }
    }

    fn row(&self, rows: &HashMap<String, Row>, name: &Name, expired_too: bool) -> Option<Row> {
        let row = rows.get(&self.key(name))?.clone();
        let state = row.record.state();
        let settled = state != Some(State::Running);
        let kept = expired_too
            || state.is_none()
            || self.is(M::KeepsForEver)
            || (self.is(M::KeepsSettledForEver) && settled)
            || (self.is(M::CountsForEver) && row.record.spent().is_some())
            || row.written.elapsed() < self.kept(row.keep);
        kept.then_some(row)
    }

    fn lease(&self, row: &Row, lease: Duration) -> Lease {
        let age = row.leased.elapsed();
        let lease = match self.mistake {
            M::LapsesAtHalfTheLease => lease / 2,
            _ => self.kept(lease),
        };
        if row.record.lease().is_zero() && !self.is(M::TakesOverWithoutALease) {
            Lease::Live(row.keep.saturating_sub(row.written.elapsed()))
        } else if age > lease {
            Lease::Lapsed
        } else {
            Lease::Live(lease.saturating_sub(age))
        }
    }

    fn found(&self, row: &Row) -> Found {
        let lease = match self.mistake {
            M::DoesNotJudgeLeases => Lease::Unjudged,
            M::NeverLapsesWhatCounts if row.record.spent().is_some() => Lease::Live(row.keep),
            _ => self.lease(row, row.record.lease()),
        };
        Found::new(row.record.clone(), lease)
    }

    fn is_to_be_had(&self, claim: Claim<'_>, row: &Row) -> bool {
        if self.is(M::OverwritesWhatStands) {
            return true;
        }
        if let Some(verdict) = self.mistaken_count(claim, row) {
            return verdict;
        }
        let own = row.record.owner() == claim.record.owner();
        let free = row.record.state() == Some(State::Free);
        if self.is(M::AnswersWonToAClaimSentAgain) && own {
            return true;
        }
        if row.record.state().is_none() {
            return match self.mistake {
                M::OverwritesForeignValues => !row.record.as_bytes().starts_with(b"idem"),
                M::OverwritesDamagedRecords => row.record.as_bytes().starts_with(b"idem"),
                _ => false,
            };
        }
        let lease = match self.mistake {
            M::JudgesByTheRivalsLease => claim.record.lease(),
            _ => row.record.lease(),
        };
        let lapsed = self.lease(row, lease) == Lease::Lapsed;
        let open = match row.record.state() {
            Some(State::Free) => true,
            Some(State::Running) => match self.mistake {
                M::TakesOverLiveLeases => true,
                M::NeverTakesOver => false,
                M::RefusesNewerVersions if row.record.as_bytes()[4] > 1 => false,
                _ => lapsed,
            },
            _ => self.is(M::ClaimsOverWhatIsCompleted),
        };
        let judged = claim.over == Some(&row.record)
            || (self.is(M::TakesOverWithoutHavingJudged) && claim.over.is_none())
            || (self.is(M::TakesOverWhatItHasNotJudged) && claim.over.is_some() && !free)
            || (self.is(M::TakesOverAnyFreeRecord) && claim.over.is_some() && free);
        judged && open
    }

    fn replaces(&self, running: &Record, row: &Row, change: Change<'_>) -> bool {
        let stands = &row.record;
        let same_fence = stands.fence() == running.fence();
        let same_owner = stands.owner() == running.owner();
        let both_run = stands.state() == running.state();
        let late = self.lease(row, stands.lease()) == Lease::Lapsed && both_run;
        match (self.mistake, change) {
            (M::IgnoresTheOwner, _) => same_fence && both_run,
            (M::LetsAnybodyGiveBack, Change::Release(_)) => stands.spent().is_some() && both_run,
            (M::LetsAnybodyComplete, Change::Complete(_)) => running.spent().is_some() && both_run,
            (M::IgnoresTheFence, _) => same_owner && both_run,
            (M::RenewsWithoutLooking, Change::Renew) | (M::PurgesWithoutLooking, Change::Purge) => {
                true
            }
            (M::CompletesAgain, Change::Complete(_)) => {
                same_owner && stands.state() != Some(State::Free)
            }
            (M::CompletesWhatIsFree, Change::Complete(_)) => {
                same_owner && stands.state() != Some(State::Completed)
            }
            (M::ReleasesWhatIsCompleted, Change::Release(_)) => same_owner,
            (M::RefusesToRenewWhatHasLapsed, Change::Renew)
            | (M::RefusesLateCompletions, Change::Complete(_))
            | (M::RefusesLateReleases, Change::Release(_))
                if late =>
            {
                false
            }
            _ => stands == running,
        }
    }

    fn already(&self, running: &Record, found: &Record, change: Change<'_>) -> Settled {
        let done = match change {
            Change::Complete(_) => {
                !self.is(M::AnswersLostToARepeatedComplete)
                    && found.state() == Some(State::Completed)
            }
            Change::Release(_) => {
                !self.is(M::AnswersLostToARepeatedRelease) && found.state() == Some(State::Free)
            }
            _ => false,
        };
        let own = found.owner() == running.owner();
        if (done && own) || self.is(M::AnswersDoneToAll) { Settled::Done } else { Settled::Lost }
    }
}

impl Store for Broken {
    const COUNTS: bool = true;

    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let row = self.row(&self.rows(), claim.name, self.is(M::ClaimsSeeTheExpired));
        let in_two_steps = self.is(M::ReadsThenWrites)
            || (self.is(M::LetsEveryClaimOverAFreeRecordWin) && claim.over.is_some())
            || (self.is(M::LetsEveryCountedClaimWin) && claim.record.spent().is_some());
        let mut rows = if in_two_steps {
            tokio::task::yield_now().await;
            self.rows()
        } else {
            self.rows()
        };
        // Looked at once more by a store that does it in one step.
        let row = if in_two_steps {
            row
        } else {
            self.row(&rows, claim.name, self.is(M::ClaimsSeeTheExpired))
        };
        let Some(row) = row else {
            if let (M::RefusesAVanishedRecord, Some(over)) = (self.mistake, claim.over) {
                return Ok(Claimed::Found(Found::new(over.clone(), Lease::Lapsed)));
            }
            let carries_over = claim.over.is_some() && claim.record.spent().is_some();
            if carries_over && !self.is(M::CarriesACountOver) {
                return Ok(Claimed::Vanished);
            }
            self.write(&mut rows, claim.name, claim.record, claim.record.retention());
            return Ok(Claimed::Won { fence: claim.record.fence() });
        };
        if self.is_to_be_had(claim, &row) {
            self.write(&mut rows, claim.name, claim.record, self.keep(claim.record, &row));
            if self.is(M::TakesOverWithTheOldTimes) {
                let new = rows.get_mut(&self.key(claim.name)).unwrap();
                (new.written, new.leased) = (row.written, row.leased);
            }
            let fence = claim.record.fence();
            return Ok(Claimed::Won { fence: if self.is(M::GivesFencesBack) { 1 } else { fence } });
        }
        let mut found = self.found(&row);
        if self.is(M::FindsItsOwnIdeaOfTheRecord) {
            found.record = freed(&found.record);
        }
        Ok(Claimed::Found(found))
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let mut rows = self.rows();
        let row = self.row(&rows, name, self.is(M::SettlesTheExpired));
        let Some(row) = row else {
            if let (M::ResurrectsAbsentRecords, Change::Complete(record)) = (self.mistake, change) {
                self.write(&mut rows, name, record, record.retention());
                return Ok(Settled::Done);
            }
            if let (M::GivesBackAfterTheWindow, Change::Release(record)) = (self.mistake, change) {
                self.write(&mut rows, name, record, record.retention());
                return Ok(Settled::Done);
            }
            return Ok(Settled::Lost);
        };
        if !self.replaces(running, &row, change) {
            return Ok(self.already(running, &row.record, change));
        }
        let key = self.key(name);
        match change {
            Change::Renew if self.is(M::RenewsNothing) => {}
            Change::Complete(_) if self.is(M::AnswersDoneBeforeItWrites) => {}
            Change::Complete(record)
                if self.is(M::TakesEmptyForNothing)
                    && record.as_bytes().len() == running.as_bytes().len() =>
            {
                drop(rows.remove(&key));
            }
            Change::Renew => {
                let (now, keep) = (Instant::now(), self.keep(running, &row));
                let new = rows.get_mut(&key).unwrap();
                if !(self.is(M::RenewsNoCount) && running.spent().is_some()) {
                    new.leased = now;
                }
                if !self.is(M::RenewsTheLeaseAlone) {
                    (new.written, new.keep) = (now, keep);
                }
            }
            Change::Release(_) if self.is(M::ForgetsTheRecordOnRelease) => drop(rows.remove(&key)),
            Change::Release(record) if self.is(M::ForgetsFenceOnRelease) => {
                let mut bytes = record.as_bytes().to_vec();
                bytes[24..32].fill(0);
                // Written like any other, so that it can be read.
                bytes[4] = 2;
                self.write(&mut rows, name, &Record::from_bytes(&bytes), record.retention());
            }
            Change::Complete(record) | Change::Release(record) => {
                self.write(&mut rows, name, record, self.keep(record, &row));
                let counted = self.is(M::CompletesInTheOldWindow) && running.spent().is_some();
                if self.is(M::CompletesWithTheOldTimes) || counted {
                    rows.get_mut(&key).unwrap().written = row.written;
                }
            }
            Change::Purge if self.is(M::PurgesNoCount) && running.spent().is_some() => {}
            Change::Purge => drop(rows.remove(&key)),
            _ => unreachable!("a change of a later version"),
        }
        Ok(Settled::Done)
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        let mut rows = self.rows();
        let row = self.row(&rows, name, self.is(M::GetsTheExpired));
        if row.is_none() && self.is(M::MakesRecordsByGetting) {
            self.write(&mut rows, name, &Record::from_bytes(b""), Duration::ZERO);
        }
        if let (true, Some(row)) = (self.is(M::RenewsByGetting), rows.get_mut(&self.key(name))) {
            row.leased = Instant::now();
        }
        Ok(row.map(|row| self.found(&row)))
    }
}
