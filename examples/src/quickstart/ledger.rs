//! What really happened to the money: a file outside of the store under test.
//!
//! Every process, and every run in the same folder, appends to it under a lock of the operating
//! system, and the report counts its lines. So the numbers don't depend on what `idem` says of
//! itself.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::delivery::Event;
use super::problem::Problem;

/// A request that reached the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Posting {
    pub(super) event: String,
    /// What the caller sent for the provider to dedupe on.
    pub(super) key: Option<String>,
    /// The provider's answer: the same for the same key.
    pub(super) receipt: String,
    /// Whether money moved. `false` when the key had been there before.
    pub(super) moved: bool,
    pub(super) amount: u64,
    pub(super) currency: String,
    /// The run that asked.
    pub(super) run: String,
    /// Milliseconds since 1970.
    pub(super) at: u64,
}

/// The file, and what this process has read of it.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    /// The run that posts by it.
    run: String,
    read: Mutex<Reader>,
}

#[derive(Debug)]
struct Reader {
    file: File,
    postings: Vec<Posting>,
    /// Key to receipt.
    receipts: HashMap<String, String>,
}

impl Ledger {
    /// Opens the file for a run, made if it is not there.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn open(path: &Path, run: &str) -> Result<Self, Problem> {
        let (path, run) = (path.to_owned(), run.to_owned());
        match File::options().read(true).append(true).create(true).open(&path) {
            Ok(file) => {
                let reader = Reader { file, postings: Vec::new(), receipts: HashMap::new() };
                Ok(Self { path, run, read: Mutex::new(reader) })
            }
            Err(source) => Err(Problem::Ledger { path, source }),
        }
    }

    /// Moves the event's money, or answers with the receipt of the time that this key did.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn post(&self, event: &Event, key: Option<String>) -> io::Result<Posting> {
        self.locked(|reader| reader.post(&self.run, event, key))
    }

    /// All that reached the provider so far: from this run, and from all others.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn postings(&self) -> Result<(Vec<Posting>, Vec<Posting>), Problem> {
        let postings = self.locked(|reader| Ok(reader.postings.clone()));
        let ours = |postings: Vec<Posting>| postings.into_iter().partition(|it| it.run == self.run);
        postings.map(ours).map_err(|source| Problem::Ledger { path: self.path.clone(), source })
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Reader) -> io::Result<T>) -> io::Result<T> {
        let mut reader = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        reader.file.lock()?;
        let done = reader.catch_up().and_then(|()| work(&mut reader));
        reader.file.unlock()?;
        done
    }
}

impl Reader {
    /// Reads what other processes have appended.
    fn catch_up(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            // Who wrote half a line is dead, or would hold the lock: nothing was booked.
            let half = (bytes.len() - whole) as u64;
            let end = self.file.stream_position()? - half;
            self.file.set_len(end)?;
            self.file.seek(SeekFrom::Start(end))?;
        }
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.note(serde_json::from_slice(line)?);
        }
        Ok(())
    }

    fn note(&mut self, posting: Posting) {
        if let Some(key) = &posting.key {
            self.receipts.entry(key.clone()).or_insert_with(|| posting.receipt.clone());
        }
        self.postings.push(posting);
    }

    fn post(&mut self, run: &str, event: &Event, key: Option<String>) -> io::Result<Posting> {
        let known = key.as_ref().and_then(|key| self.receipts.get(key));
        let receipt = known.cloned().unwrap_or_else(|| format!("r-{}", self.postings.len() + 1));
        let posting = Posting {
            event: event.id.clone(),
            moved: known.is_none(),
            key,
            receipt,
            amount: event.amount,
            currency: event.currency.clone(),
            run: run.to_owned(),
            at: now(),
        };
        let mut line = serde_json::to_vec(&posting)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.note(posting.clone());
        Ok(posting)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A name for a run that no other has.
pub(super) fn run_name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), since.as_nanos())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn event(id: &str) -> Event {
        Event {
            id: id.to_owned(),
            kind: "payment.succeeded".to_owned(),
            account: "acct".to_owned(),
            amount: 100,
            currency: "EUR".to_owned(),
        }
    }

    fn open(folder: &TempDir, run: &str) -> Ledger {
        Ledger::open(&folder.path().join("ledger"), run).unwrap()
    }

    #[test]
    fn a_key_moves_money_once_whoever_sends_it() {
        let folder = TempDir::new().unwrap();
        let (one, other) = (open(&folder, "monday"), open(&folder, "tuesday"));
        let first = one.post(&event("a"), Some("k".to_owned())).unwrap();
        let again = other.post(&event("a"), Some("k".to_owned())).unwrap();
        let more = one.post(&event("b"), Some("l".to_owned())).unwrap();
        assert_eq!((first.moved, again.moved, more.moved), (true, false, true));
        assert_eq!(first.receipt, again.receipt);
        assert_ne!(first.receipt, more.receipt);
        let (ours, others) = (vec![first, more], vec![again]);
        assert_eq!(one.postings().unwrap(), (ours.clone(), others.clone()));
        assert_eq!(other.postings().unwrap(), (others, ours));
    }

    #[test]
    fn without_a_key_money_moves_each_time() {
        let folder = TempDir::new().unwrap();
        let ledger = open(&folder, "monday");
        let receipts = [(); 2].map(|()| ledger.post(&event("a"), None).unwrap());
        assert!(receipts.iter().all(|posting| posting.moved));
        assert_ne!(receipts[0].receipt, receipts[1].receipt);
    }

    /// As a process leaves it that dies in its write.
    #[test]
    fn half_a_line_was_never_booked() {
        let folder = TempDir::new().unwrap();
        let (one, other) = (open(&folder, "monday"), open(&folder, "tuesday"));
        one.post(&event("a"), Some("k".to_owned())).unwrap();
        let path = folder.path().join("ledger");
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"event\":\"b\",\"ke"].concat()).unwrap();
        assert!(other.post(&event("b"), Some("l".to_owned())).unwrap().moved);
        assert!(!one.post(&event("b"), Some("l".to_owned())).unwrap().moved);
        let (_, others) = open(&folder, "wednesday").postings().unwrap();
        assert_eq!(others.len(), 3);
    }
}
