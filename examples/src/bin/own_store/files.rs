//! Records in plain files: a store for the processes of one machine, without a server.
//!
//! One file a name, replaced as a whole: written beside, synced, renamed over. So a process that is
//! killed at any moment leaves the old record or the new one. A lock on a file of its own makes
//! each step the only one, among threads and processes alike; the system frees it when its holder
//! dies.
//!
//! **What it loses.** Time is the machine's wall clock, which others may set. Set forward by more
//! than a lease, it lets a claim lapse under an owner that is alive, and a second body runs beside the
//! first; one result is stored all the same. Set back, it lets leases and retention last longer.
//! The folder must be on a file system whose locks hold between all that use it, which those of
//! a network often do not.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use idem::store::{
    Change, ChangeStep, Claim, ClaimStep, Claimed, Found, Name, Record, Settled, Standing, Store,
    StoreError,
};
use sha2::{Digest, Sha256};

/// Records in the files of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: Arc<Path>,
}

/// What each file begins with; what does not is somebody else's.
const MAGIC: &[u8] = b"record-file 1\n";
/// The name is one of these folders, by its hash: so many steps can go on at once.
const SHELVES: &str = "0123456789abcdef";

impl Files {
    /// The store in this folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        for shelf in SHELVES.chars() {
            fs::create_dir_all(folder.join(shelf.to_string()))?;
        }
        File::open(folder)?.sync_all()?;
        let files = Self { folder: folder.into() };
        files.sweep()?;
        Ok(files)
    }

    /// Deletes what has expired. It counts as absent all the same: this is for the disk's sake.
    fn sweep(&self) -> io::Result<()> {
        for shelf in SHELVES.chars() {
            let folder = self.folder.join(shelf.to_string());
            let locked = Shelf::try_lock(&folder)?;
            // Where others are at work, a later sweep will do.
            let Some(shelf) = locked else { continue };
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                let is_record = path.extension().is_some_and(|extension| extension == "record");
                if is_record && Kept::read(&path)?.is_some_and(|kept| kept.standing().is_none()) {
                    shelf.remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// The file of a name. Hashed: a name may be longer than a file's, and hold a `/`.
    pub(crate) fn path(&self, name: &Name) -> PathBuf {
        let hash = Sha256::digest(name.as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(&hex[..1]).join(format!("{hex}.record"))
    }

    /// Takes one step on a name while nobody else does, on a thread that may block.
    ///
    /// A caller that stops waiting does not stop the step: it may have been taken, as with any
    /// store.
    async fn step<T: Send + 'static>(
        &self,
        name: &Name,
        step: impl FnOnce(&Desk) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (name, path) = (name.clone(), self.path(name));
        let stepped = tokio::task::spawn_blocking(move || {
            let shelf = Shelf::lock(path.parent().unwrap_or(&path))?;
            let kept = Kept::read(&path)?;
            if kept.as_ref().is_some_and(|kept| kept.name.as_deref().is_some_and(|n| *n != *name)) {
                return Err(io::Error::other("two names have one hash"));
            }
            step(&Desk { name, path, shelf, kept })
        });
        stepped.await.map_err(StoreError::unknown)?.map_err(StoreError::unknown)
    }
}

impl Store for Files {
    async fn claim(&self, claim: Claim<'_>) -> Result<Claimed, StoreError> {
        let (record, over) = (claim.record.clone(), claim.over.cloned());
        let step = move |desk: &Desk| match Claim::new(&desk.name, &record, over.as_ref())
            .step(desk.standing())
        {
            ClaimStep::Write => {
                desk.write(&record)?;
                Ok(Claimed::Won { fence: record.fence() })
            }
            ClaimStep::Answer(answer) => Ok(answer),
            _ => Err(later()),
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
        let change = Owned::of(change)?;
        let step = move |desk: &Desk| {
            let (step, settled) = change.borrow().step(&running, desk.standing());
            match step {
                ChangeStep::Write(record) => desk.write(record)?,
                // The stamp is in the file, so making a record fresh writes it.
                ChangeStep::Touch => desk.write(&running)?,
                ChangeStep::Remove => desk.shelf.remove(&desk.path)?,
                ChangeStep::Nothing => {}
                _ => return Err(later()),
            }
            Ok(settled)
        };
        self.step(name, step).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Found>, StoreError> {
        self.step(name, |desk| Ok(desk.standing().map(|standing| standing.found()))).await
    }
}
