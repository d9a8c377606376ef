//! A payment provider: another system, which no claim and no transaction of ours reaches. Its book is
//! a file, in which each charge is a line.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::effect::Effect;

#[derive(Clone)]
pub(crate) struct Provider(Arc<Mutex<Book>>);

struct Book {
    file: File,
    /// How far the file was read, in bytes.
    read: u64,
    effects: Vec<Effect>,
}

impl Provider {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let options = OpenOptions::new().create(true).append(true).read(true).to_owned();
        let file = options.open(folder.join("provider.jsonl"))?;
        Ok(Self(Arc::new(Mutex::new(Book { file, read: 0, effects: Vec::new() }))))
    }

    /// Moves the money, as often as it is asked to.
    pub(crate) fn charge(&self, effect: &Effect) -> io::Result<()> {
        let mut line = serde_json::to_vec(effect)?;
        line.push(b'\n');
        // One write of a whole line, in append mode: lines of several processes don't mix.
        self.book().file.write_all(&line)
    }

    /// What was charged so far, by whichever process.
    pub(crate) fn effects(&self) -> io::Result<Vec<Effect>> {
        let mut book = self.book();
        book.catch_up()?;
        Ok(book.effects.clone())
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Reads what was written since.
    fn catch_up(&mut self) -> io::Result<()> {
        let mut news = Vec::new();
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.read_to_end(&mut news)?;
        for line in news.split_inclusive(|byte| *byte == b'\n').filter(|it| it.ends_with(b"\n")) {
            self.read += line.len() as u64;
            self.effects.push(serde_json::from_slice(line)?);
        }
        Ok(())
    }
}
