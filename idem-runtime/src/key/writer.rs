//! Rendering of a key, as `key!` and the attribute write it.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Key;
use super::part::Part;

/// The longest dynamic part that is kept as text, in encoded bytes; a longer one becomes its hash.
const LONGEST: usize = 200;
/// Room for the engine's prefix and a usual key, so that rendering allocates once.
const USUAL: usize = 96;

/// Writes a key from values and the literals between them.
#[doc(hidden)]
#[derive(Debug)]
#[must_use]
pub struct KeyWriter {
    operation: Cow<'static, str>,
    text: String,
    /// Where the dynamic part starts.
    dynamic: usize,
    /// The part that is being written, and where it starts.
    open: Option<(&'static str, usize)>,
    fault: Option<String>,
}

impl KeyWriter {
    /// `operation` is the template's leading literal less trailing characters that are no letters
    /// or digits.
    pub fn new(operation: impl Into<Cow<'static, str>>) -> Self {
        let operation = operation.into();
        let mut text = String::with_capacity(USUAL);
        Part::new(&mut text).push_str(&operation);
        text.push(':');
        let dynamic = text.len();
        Self { operation, text, dynamic, open: None, fault: None }
    }

    /// The next placeholder; `name` is its text in the template.
    pub fn part(&mut self, name: &'static str) -> Part<'_> {
        self.close();
        self.open = Some((name, self.text.len()));
        Part::new(&mut self.text)
    }

    /// Literal text between two placeholders, or after the last.
    pub fn literal(&mut self, text: &'static str) {
        self.close();
        self.text.push_str(text);
    }

    /// The part that was open is written: an empty one makes the key invalid.
    fn close(&mut self) {
        if let Some((name, start)) = self.open.take()
            && self.text.len() == start
            && self.fault.is_none()
        {
            self.fault = Some(format!("`{{{name}}}` of `{}` is empty", self.operation));
        }
    }

    /// The key.
    pub fn finish(mut self) -> Key {
        self.close();
        if self.text.len() - self.dynamic > LONGEST {
            let hash = Sha256::digest(&self.text.as_bytes()[self.dynamic..]);
            self.text.truncate(self.dynamic);
            self.text.push('#');
            for byte in hash {
                // Writing to a `String` can't fail.
                let _ = write!(self.text, "{byte:02x}");
            }
        }
        Key {
            operation: self.operation,
            text: self.text,
            fingerprint: None,
            token: None,
            transition: None,
            fault: self.fault,
        }
    }
}
