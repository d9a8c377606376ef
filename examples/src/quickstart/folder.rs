//! The folder of a run: its ledgers, and its claims where no server keeps them.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::workers::Mode;

/// What [`Idem::embedded`](idem::Idem::embedded) keeps in its folder, and SQLite beside it.
const CLAIMS: [&str; 3] = ["idem.sqlite", "idem.sqlite-wal", "idem.sqlite-shm"];
const NAME: &str = "idem-quickstart";
const LOCK: &str = "lock";

/// A folder, for as long as the run works in it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Locked while the run lives. `None` for a folder that goes with its run.
    kept: Option<File>,
}

impl Folder {
    /// A folder that is gone when the run is over.
    ///
    /// # Errors
    ///
    /// As the file system says.
    pub(super) fn temporary(run: &str) -> Result<Self, Problem> {
        let path = std::env::temp_dir().join(format!("{NAME}-{run}"));
        match private().create(&path) {
            Ok(()) => Ok(Self { path, kept: None }),
            Err(source) => Err(Problem::Temporary { path, source }),
        }
    }

    /// The folder that later runs find again: `named`, or the user's own. Several runs can work in
    /// it at once. With `forget`, what earlier ones have left is removed first.
    ///
    /// # Errors
    ///
    /// No such folder can be made or written, or another run works in what is to be forgotten.
    pub(super) fn kept(named: Option<&Path>, forget: bool) -> Result<Self, Problem> {
        let path = named.map_or_else(of_user, |path| Some(path.to_owned()));
        let path = path.ok_or(Problem::Homeless)?;
        let path = std::path::absolute(&path).unwrap_or(path);
        let in_vain = |source| Problem::Folder { path: path.clone(), source };
        private().recursive(true).create(&path).map_err(in_vain)?;
        let lock = File::options().write(true).create(true).truncate(false).open(path.join(LOCK));
        let lock = lock.map_err(in_vain)?;
        if forget {
            match lock.try_lock() {
                Ok(()) => clear(&path).map_err(in_vain)?,
                Err(TryLockError::WouldBlock) => return Err(Problem::Busy { path }),
                Err(TryLockError::Error(source)) => return Err(in_vain(source)),
            }
            lock.unlock().map_err(in_vain)?;
        }
        // Shared by all who work here; who forgets has it alone, for a moment.
        lock.lock_shared().map_err(in_vain)?;
        Ok(Self { path, kept: Some(lock) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The ledger of a half.
    pub(super) fn ledger(&self, mode: Mode) -> PathBuf {
        ledger(&self.path, mode)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept.is_none() {
            // A folder that stays is no reason to lose the report.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Makes folders that no other user can look into.
fn private() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "elsewhere a user's folders are private"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Removes what runs leave, and nothing else: the folder may be one that the user has named.
fn clear(folder: &Path) -> io::Result<()> {
    let ledgers = [Mode::Bare, Mode::Guarded].map(|mode| ledger(folder, mode));
    for file in CLAIMS.iter().map(|name| folder.join(name)).chain(ledgers) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn ledger(folder: &Path, mode: Mode) -> PathBuf {
    folder.join(format!("ledger-{}.jsonl", mode.name()))
}

/// Where programs keep what they remember for this user, by the custom of the system.
fn of_user() -> Option<PathBuf> {
    let absolute =
        |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        absolute("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local/state")))
    };
    Some(base?.join(NAME))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_temporary_folder_goes_with_its_run() {
        let folder = Folder::temporary(&super::super::ledger::run_name()).unwrap();
        let file = folder.ledger(Mode::Bare);
        fs::write(&file, "").unwrap();
        drop(folder);
        assert!(!file.exists());
    }

    #[test]
    fn what_is_kept_is_found_again_until_it_is_forgotten() {
        let above = TempDir::new().unwrap();
        let named = above.path().join("made/by/itself");
        let kept = |forget| Folder::kept(Some(&named), forget).unwrap();
        let file = kept(false).ledger(Mode::Guarded);
        let not_ours = named.join("of the user");
        fs::write(&file, "").unwrap();
        fs::write(&not_ours, "").unwrap();
        drop(kept(false));
        assert!(file.exists());
        drop(kept(true));
        assert!(!file.exists() && not_ours.exists());
    }

    #[test]
    fn nobody_forgets_what_another_run_works_with() {
        let folder = TempDir::new().unwrap();
        let kept = |forget| Folder::kept(Some(folder.path()), forget);
        let (one, other) = (kept(false).unwrap(), kept(false).unwrap());
        assert!(matches!(kept(true), Err(Problem::Busy { .. })));
        drop(one);
        assert!(matches!(kept(true), Err(Problem::Busy { .. })));
        drop(other);
        kept(true).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let above = TempDir::new().unwrap();
        let folder = Folder::kept(Some(&above.path().join("mine")), false).unwrap();
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
