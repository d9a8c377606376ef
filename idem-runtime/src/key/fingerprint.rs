//! A hash of the arguments that must be equal for two calls to be the same request.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The hash of some values, and which values they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint {
    /// Names the expressions whose values were hashed; others are not compared.
    pub(crate) scheme: u64,
    pub(crate) hash: [u8; 32],
}

impl Fingerprint {
    pub(crate) fn of(scheme: &str, values: &Form) -> serde_json::Result<Self> {
        let mut hash = Sha256::new();
        values.feed(&mut hash)?;
        Ok(Self { scheme: number(scheme), hash: hash.finalize().into() })
    }
}

/// The number of a scheme, by FNV-1a: quick, since it is taken at each call, and enough to tell apart
/// what one author wrote at one place in two versions of a program.
fn number(scheme: &str) -> u64 {
    scheme.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A value that calls can be compared by: whatever is `Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of a fingerprint",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` for it, or list one of its fields: `fingerprint(order.total)`"
)]
pub trait Comparable {
    /// The value as it is hashed.
    fn compared(&self) -> Print;
}

/// A value as it is hashed, or why it can't be.
#[doc(hidden)]
#[derive(Debug)]
pub struct Print(pub(crate) serde_json::Result<Form>);

/// What is hashed of a value.
#[derive(Debug)]
pub(crate) enum Form {
    Value(Value),
    /// One that has an integer beyond 64 bits in it, which `Value` does not take.
    Wide(Box<RawValue>),
    List(Vec<Self>),
}

#[diagnostic::do_not_recommend]
impl<V: serde::Serialize + ?Sized> Comparable for V {
    fn compared(&self) -> Print {
        Print(Form::of(self))
    }
}

impl Form {
    pub(crate) fn of<V: serde::Serialize + ?Sized>(value: &V) -> serde_json::Result<Self> {
        serde_json::to_value(value)
            .map(Self::Value)
            .or_else(|_| serde_json::value::to_raw_value(value).map(Self::Wide))
    }

    fn feed(&self, hash: &mut Sha256) -> serde_json::Result<()> {
        match self {
            Self::Value(value) => feed(hash, value),
            Self::Wide(text) => feed_wide(hash, text)?,
            Self::List(items) => {
                feed_length(hash, b"a", items.len());
                items.iter().try_for_each(|item| item.feed(hash))?;
            }
        }
        Ok(())
    }
}

/// Feeds a value in one canonical form: each kind has a tag, each text and each collection its
/// length, and maps go in key order, whatever order `serde_json` keeps in this build.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Bool(false) => hash.update(b"f"),
        Value::Number(number) => feed_text(hash, b"d", &number.to_string()),
        Value::String(text) => feed_text(hash, b"s", text),
        Value::Array(items) => {
            feed_length(hash, b"a", items.len());
            for item in items {
                feed(hash, item);
            }
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            feed_length(hash, b"o", sorted.len());
            for (name, field) in sorted {
                feed_text(hash, b"k", name);
                feed(hash, field);
            }
        }
    }
}

/// The same form for JSON as text, in which an integer has all its digits.
fn feed_wide(hash: &mut Sha256, text: &RawValue) -> serde_json::Result<()> {
    let json = text.get();
    match json.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json)?;
            feed_length(hash, b"o", fields.len());
            for (name, field) in fields {
                feed_text(hash, b"k", &name);
                feed_wide(hash, field)?;
            }
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json)?;
            feed_length(hash, b"a", items.len());
            items.into_iter().try_for_each(|item| feed_wide(hash, item))?;
        }
        Some(b'-' | b'0'..=b'9') => feed_text(hash, b"d", json),
        _ => feed(hash, &serde_json::from_str(json)?),
    }
    Ok(())
}

fn feed_text(hash: &mut Sha256, tag: &[u8], text: &str) {
    feed_length(hash, tag, text.len());
    hash.update(text.as_bytes());
}

fn feed_length(hash: &mut Sha256, tag: &[u8], length: usize) {
    hash.update(tag);
    hash.update((length as u64).to_be_bytes());
}
