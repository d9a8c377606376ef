//! Effects, counted outside of the store under test.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// A list of effects that only grows, in a file that several processes append to.
///
/// The store under test can't vouch for itself: whether a body ran once is read off here.
///
/// ```
/// let ledger = kit::ledger::Ledger::new();
/// ledger.append("charge:1", "by A");
/// let elsewhere = kit::ledger::Ledger::at(ledger.path()); // also in another process
/// elsewhere.append("charge:1", "by B");
/// assert_eq!(ledger.count("charge:1"), 2);
/// assert_eq!(ledger.notes("charge:1"), ["by A", "by B"]);
/// ```
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    _folder: Option<TempDir>,
}

impl Ledger {
    /// A new one, in a temporary folder.
    ///
    /// # Panics
    ///
    /// When there is no folder to be had.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("idem-kit-").expect("a temporary folder can be made");
        Self { path: folder.path().join("ledger"), _folder: Some(folder) }
    }

    /// The one at `path`, which another process made and keeps.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), _folder: None }
    }

    /// Where it is, to pass to another process.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes an effect for `key`.
    ///
    /// # Panics
    ///
    /// When a tab or a line end is in `key` or a line end in `note`, or the file can't be written.
    pub fn append(&self, key: &str, note: &str) {
        assert!(!key.contains(['\t', '\n']) && !note.contains('\n'), "{key:?} {note:?}");
        // One write of a whole line, in append mode: lines of several processes don't mix. It brings the end
        // of the line before it, too: a writer may have been killed in the middle of that one.
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(format!("\n{key}\t{note}\n").as_bytes()))
            .expect("the ledger can be written");
    }

    /// All effects, as key and note, in the order in which they happened.
    #[must_use]
    pub fn entries(&self) -> Vec<(String, String)> {
        self.entries_of(|_| true)
    }

    /// Those whose keys `is_asked` picks. Nothing is made of the others: tests ask often.
    pub(crate) fn entries_of(&self, is_asked: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        fs::read_to_string(&self.path)
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(|(key, _)| is_asked(key))
            .map(|(key, note)| (key.to_owned(), note.to_owned()))
            .collect()
    }

    /// How many effects there were for `key`.
    #[must_use]
    pub fn count(&self, key: &str) -> usize {
        self.notes(key).len()
    }

    /// The notes of the effects for `key`, in order.
    #[must_use]
    pub fn notes(&self, key: &str) -> Vec<String> {
        self.entries_of(|of| of == key).into_iter().map(|(_, note)| note).collect()
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}
