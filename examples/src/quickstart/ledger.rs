//! What really happened to the money: one file a run, outside of the store under test.
//!
//! Every process of a run appends to the same file, under a lock of the operating system, and the
//! report counts its lines. So the numbers don't depend on what `idem` says of itself.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::delivery::Event;

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
    /// The process that asked.
    pub(super) process: u32,
    /// Milliseconds since 1970.
    pub(super) at: u64,
}

/// The file, and what this process has read of it.
#[derive(Debug)]
pub(super) struct Ledger {
    read: Mutex<Reader>,
}

#[derive(Debug)]
struct Reader {
    file: File,
    postings: Vec<Posting>,
    /// Key to receipt.
    receipts: HashMap<String, String>,
    /// The start of a line whose end was not there yet.
    rest: Vec<u8>,
}

impl Ledger {
    /// Opens the file, made if it is not there.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).append(true).create(true).open(path)?;
        let reader =
            Reader { file, postings: Vec::new(), receipts: HashMap::new(), rest: Vec::new() };
        Ok(Self { read: Mutex::new(reader) })
    }

    /// Moves the event's money, or answers with the receipt of the time that this key did.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn post(&self, event: &Event, key: Option<String>) -> io::Result<Posting> {
        self.locked(|reader| reader.post(event, key))
    }

    /// All that reached the provider so far, from any process.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn postings(&self) -> io::Result<Vec<Posting>> {
        self.locked(|reader| Ok(reader.postings.clone()))
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
        self.file.read_to_end(&mut self.rest)?;
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.note(serde_json::from_slice(&line)?);
        }
        Ok(())
    }

    fn note(&mut self, posting: Posting) {
        if let Some(key) = &posting.key {
            self.receipts.entry(key.clone()).or_insert_with(|| posting.receipt.clone());
        }
        self.postings.push(posting);
    }

    fn post(&mut self, event: &Event, key: Option<String>) -> io::Result<Posting> {
        let known = key.as_ref().and_then(|key| self.receipts.get(key));
        let receipt = known.cloned().unwrap_or_else(|| format!("r-{}", self.postings.len() + 1));
        let posting = Posting {
            event: event.id.clone(),
            moved: known.is_none(),
            key,
            receipt,
            amount: event.amount,
            currency: event.currency.clone(),
            process: std::process::id(),
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

/// A folder for the ledgers of one run, gone when the run is over.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn create() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("idem-quickstart-{}", run_name()));
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is no reason to lose the report.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A name that no other run has.
pub(super) fn run_name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), since.as_nanos())
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_key_moves_money_once_whoever_sends_it() {
        let folder = Folder::create().unwrap();
        let one = Ledger::open(&folder.file("ledger")).unwrap();
        let other = Ledger::open(&folder.file("ledger")).unwrap();
        let first = one.post(&event("a"), Some("k".to_owned())).unwrap();
        let again = other.post(&event("a"), Some("k".to_owned())).unwrap();
        let more = one.post(&event("b"), Some("l".to_owned())).unwrap();
        assert_eq!((first.moved, again.moved, more.moved), (true, false, true));
        assert_eq!(first.receipt, again.receipt);
        assert_ne!(first.receipt, more.receipt);
        assert_eq!(other.postings().unwrap(), one.postings().unwrap());
        assert_eq!(one.postings().unwrap(), [first, again, more]);
    }

    #[test]
    fn without_a_key_money_moves_each_time() {
        let folder = Folder::create().unwrap();
        let ledger = Ledger::open(&folder.file("ledger")).unwrap();
        let receipts = [(); 2].map(|()| ledger.post(&event("a"), None).unwrap());
        assert!(receipts.iter().all(|posting| posting.moved));
        assert_ne!(receipts[0].receipt, receipts[1].receipt);
    }

    #[test]
    fn the_folder_goes_with_its_run() {
        let folder = Folder::create().unwrap();
        let file = folder.file("ledger");
        drop(Ledger::open(&file).unwrap());
        assert!(file.exists());
        drop(folder);
        assert!(!file.exists());
    }
}
