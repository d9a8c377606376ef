//! A record on the disk: whole or not at all, and written by one at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use idem::store::{Record, Standing};

/// What each file begins with; what does not is somebody else's.
const MAGIC: &[u8] = b"record-file 1\n";

/// A folder of files, locked: nobody else reads or writes here until it is dropped.
///
/// The lock is the system's, on a file that nobody deletes, so it ends with the process that holds
/// it, however that ends.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    _lock: File,
}

impl Shelf {
    /// Waits for the lock of this folder.
    pub(crate) fn lock(folder: &Path) -> io::Result<Self> {
        let lock = Self::open_lock(folder)?;
        lock.lock()?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// The same without waiting: `None` while somebody else has it.
    pub(crate) fn try_lock(folder: &Path) -> io::Result<Option<Self>> {
        let lock = Self::open_lock(folder)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn open_lock(folder: &Path) -> io::Result<File> {
        File::options().create(true).truncate(false).write(true).open(folder.join("lock"))
    }

    /// Writes a file of the folder as a whole, and returns once it would outlast a power cut.
    pub(crate) fn write(&self, path: &Path, name: &str, record: &Record) -> io::Result<()> {
        // The same name for each: who is killed before the rename leaves one file, and the next
        // write takes it over.
        let beside = self.folder.join("next");
        let mut file = File::create(&beside)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&now().to_le_bytes());
        bytes
            .extend_from_slice(&u32::try_from(name.len()).map_err(io::Error::other)?.to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(record.as_bytes());
        file.write_all(&bytes)?;
        // Before the rename: else the name may come to lead to bytes that are not there yet.
        file.sync_all()?;
        fs::rename(&beside, path)?;
        self.sync()
    }

    /// Deletes a file of the folder.
    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        self.sync()
    }

    /// The folder's own entry for a file is written by this.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Whose record it is; `None` in a file that this store has not written.
    pub(crate) name: Option<String>,
    record: Record,
    /// Since it was written, by the wall clock.
    age: Duration,
}

impl Kept {
    /// Reads a file; `None` if there is none.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(Self::parse(&bytes).unwrap_or_else(|| Self::foreign(&bytes)))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (stamp, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (name, record) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        // A clock that was set back makes nothing younger than it was when it was written.
        let age = Duration::from_micros(now().saturating_sub(u64::from_le_bytes(*stamp)));
        let name = String::from_utf8(name.to_vec()).ok()?;
        Some(Self { name: Some(name), record: Record::from_bytes(record), age })
    }

    /// What this store has not written is found as it is, and never expires.
    fn foreign(bytes: &[u8]) -> Self {
        Self { name: None, record: Record::from_bytes(bytes), age: Duration::ZERO }
    }

    /// The record as the library judges it; `None` once it has expired.
    pub(crate) fn standing(&self) -> Option<Standing<'_>> {
        Standing::new(&self.record, self.age)
    }
}

/// Microseconds since 1970 by the wall clock, the only one that all processes share and that goes
/// on while none of them runs.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
