//! A payment provider: another system, which no transaction of ours reaches. Its memory is a file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Captured { reference: String },
    Declined,
}

#[derive(Debug, Clone)]
pub(crate) struct Provider {
    file: PathBuf,
}

/// Above this it declines.
const LIMIT: i64 = 100_000;

impl Provider {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { file: folder.join("provider.txt") }
    }

    /// Captures an order's amount, once a key: who sends a key again gets the first answer.
    pub(crate) fn capture(&self, key: &str, order: i64, cents: i64) -> io::Result<Answer> {
        if cents > LIMIT {
            return Ok(Answer::Declined);
        }
        let reference = format!("ref-{key:.8}");
        if !self.lines()?.iter().any(|line| line.starts_with(key)) {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.file)?;
            writeln!(file, "{key} {order} {cents}")?;
        }
        Ok(Answer::Captured { reference })
    }

    /// How often an order was captured.
    pub(crate) fn captures(&self, order: i64) -> io::Result<usize> {
        let of_it = format!(" {order} ");
        Ok(self.lines()?.iter().filter(|line| line.contains(&of_it)).count())
    }

    fn lines(&self) -> io::Result<Vec<String>> {
        match fs::read_to_string(&self.file) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
