//! Records in plain files: a store for the processes of one machine, without a server.
//!
//! One file a name, replaced as a whole: written beside, synced, renamed over. So a process that is
//! killed at any moment leaves the old record or the new one. A lock makes each step the only one on
//! its shelf, among threads and processes alike.
//!
//! **What it loses.** Time is the machine's wall clock, which others may set. Set forward by more
//! than a lease, it lets a claim lapse under an owner that is alive, and a second body runs beside
//! the first; one result is stored all the same. Set back, it lets leases and retention last
//! longer. The folder must be on a file system whose locks hold between all that use it, which
//! those of a network often do not.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use idem::store::{
    Change, ChangeStep, Claim, ClaimStep, Claimed, Found, Name, Record, Settled, Standing, Store,
    StoreError,
};
use sha2::{Digest, Sha256};

use crate::disk::{Kept, Shelf};

/// Records in the files of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: Arc<Path>,
}

/// A name's shelf is the first digit of its hash: so many steps can go on at once.
const SHELVES: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

impl Files {
    /// The store in this folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        for shelf in SHELVES {
            fs::create_dir_all(folder.join(shelf))?;
        }
        File::open(folder)?.sync_all()?;
        let files = Self { folder: folder.into() };
        files.sweep()?;
        Ok(files)
    }

    /// Deletes what has expired. It counts as absent all the same: this is for the disk's sake.
    fn sweep(&self) -> io::Result<()> {
        for digit in SHELVES {
            let folder = self.folder.join(digit);
            // Where others are at work, a later sweep will do.
            let Some(locked) = Shelf::try_lock(&folder)? else { continue };
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                let is_record = path.extension().is_some_and(|extension| extension == "record");
                if is_record && Kept::read(&path)?.is_some_and(|kept| kept.standing().is_none()) {
                    locked.remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// The file of a name. Hashed: a name may be longer than a file's, hold a `/`, and differ from
    /// another in case alone.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(name.as_bytes()) {
            // Writing to a `String` can't fail.
            let _ = write!(hex, "{byte:02x}");
        }
        self.folder.join(&hex[..1]).join(format!("{hex}.record"))
    }

    /// Takes one step on a name while nobody else does, on a thread that may block.
    ///
    /// A caller that stops waiting does not stop the step: like any request, it may have been done.
    async fn step<T: Send + 'static>(
        &self,
        name: &Name,
        step: impl FnOnce(&Desk) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (name, path) = (name.clone(), self.path(name));
        let stepped = tokio::task::spawn_blocking(move || step(&Desk::open(name, path)?));
        stepped.await.map_err(StoreError::unknown)?.map_err(StoreError::unknown)
    }
}

/// One name, while its shelf is locked.
struct Desk {
    name: Name,
    path: PathBuf,
    shelf: Shelf,
    kept: Option<Kept>,
}

impl Desk {
    fn open(name: Name, path: PathBuf) -> io::Result<Self> {
        let shelf = Shelf::lock(path.parent().unwrap_or(&path))?;
        let kept = Kept::read(&path)?;
        let whose = kept.as_ref().and_then(|kept| kept.name.as_deref());
        if whose.is_some_and(|whose| *whose != *name) {
            return Err(io::Error::other(format!("{} is the file of two names", path.display())));
        }
        Ok(Self { name, path, shelf, kept })
    }

    fn standing(&self) -> Option<Standing<'_>> {
        self.kept.as_ref().and_then(Kept::standing)
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        self.shelf.write(&self.path, &self.name, record)
    }
}

impl Store for Files {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (record, over) = (claim.record.clone(), claim.over.cloned());
        let step = move |desk: &Desk| {
            let claim = Claim::new(&desk.name, &record, over.as_ref());
            match claim.step(desk.standing()) {
                ClaimStep::Write { .. } => {
                    desk.write(&record)?;
                    Ok(Claimed::Won { fence: record.fence() })
                }
                ClaimStep::Answer(answer) => Ok(answer),
                _ => Err(unknown_step()),
            }
        };
        self.step(claim.name, step).await
    }

    async fn settle(
        &self,
        name: &Name,
        running: &Record,
        change: Change<'_>,
    ) -> Result<Settled, StoreError> {
        let running = running.clone();
        let change = Owned::of(change).map_err(StoreError::unreached)?;
        let step = move |desk: &Desk| {
            let (step, settled) = change.borrow().step(&running, desk.standing());
            match step {
                ChangeStep::Write { record, .. } => desk.write(record)?,
                // The time is in the file, so making a record fresh writes it.
                ChangeStep::Touch { .. } => desk.write(&running)?,
                ChangeStep::Remove => desk.shelf.remove(&desk.path)?,
                ChangeStep::Nothing => {}
                _ => return Err(unknown_step()),
            }
            Ok(settled)
        };
        self.step(name, step).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.step(name, |desk| Ok(desk.standing().map(|standing| standing.found()))).await
    }
}

/// A change that another thread may take along.
enum Owned {
    Renew,
    Complete(Record),
    Release(Record),
    Purge,
}

impl Owned {
    fn of(change: Change<'_>) -> io::Result<Self> {
        Ok(match change {
            Change::Renew => Self::Renew,
            Change::Complete(record) => Self::Complete(record.clone()),
            Change::Release(record) => Self::Release(record.clone()),
            Change::Purge => Self::Purge,
            _ => return Err(unknown_step()),
        })
    }

    fn borrow(&self) -> Change<'_> {
        match self {
            Self::Renew => Change::Renew,
            Self::Complete(record) => Change::Complete(record),
            Self::Release(record) => Change::Release(record),
            Self::Purge => Change::Purge,
        }
    }
}

/// The library may learn steps that this store does not know yet.
fn unknown_step() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "a step of a later version of the library")
}
