//! The values that a key is made of.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use super::client::IdempotencyKey;
use super::origin::{Client, Server};

/// A value that can stand in a key.
///
/// Integers, `bool`, `char`, strings, `NonZero*`, [`IdempotencyKey`], `Uuid` (feature `uuid`), and
/// references, `Box`, `Rc`, `Arc` and `Cow` of them. For a newtype or an enum without fields:
/// `#[derive(KeyPart)]`. Not for floats, `Option` and collections, whose text is no identity.
///
/// ```
/// use idem::KeyPart;
///
/// #[derive(KeyPart)]
/// struct OrderId(u64);
///
/// let order = OrderId(7);
/// assert_eq!(idem::key!("ship:{order}").to_string(), "ship:7");
/// ```
///
/// By hand, for a type whose text is made of more than one field:
///
/// ```
/// use idem::{KeyPart, Part};
///
/// struct Sku { maker: u32, item: u32 }
///
/// impl KeyPart for Sku {
///     type Origin = idem::origin::Server;
///
///     fn write(&self, part: &mut Part<'_>) {
///         part.push_str(&format!("{}/{}", self.maker, self.item));
///     }
/// }
///
/// let sku = Sku { maker: 7, item: 1 };
/// assert_eq!(idem::key!("stock:{sku}").to_string(), "stock:7%2F1");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of a key",
    label = "not a `KeyPart`",
    note = "a key part is an integer, `bool`, `char`, a string, a `Uuid` (feature `uuid`), a newtype \
            or a field-less enum with `#[derive(idem::KeyPart)]`; name a field (`{{user.id}}`) or a \
            method (`{{user.id()}}`) that gives one"
)]
pub trait KeyPart {
    /// [`Server`], or [`Client`] for what a client sent as an idempotency key: that needs a part
    /// beside it that says whose it is.
    type Origin;

    /// Writes the value's text; the part encodes it.
    fn write(&self, part: &mut Part<'_>);
}

/// Where a value's text goes: percent-encoded but for `A-Z a-z 0-9 . _ ~ -`.
#[derive(Debug)]
pub struct Part<'a> {
    out: &'a mut String,
}

impl<'a> Part<'a> {
    pub(crate) fn new(out: &'a mut String) -> Self {
        Self { out }
    }

    /// Appends text to the part.
    pub fn push_str(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
            self.out.push_str(&rest[..at]);
            let special = rest[at..].chars().next().map_or(1, char::len_utf8);
            for byte in rest[at..at + special].bytes() {
                self.out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    self.out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
            rest = &rest[at + special..];
        }
        self.out.push_str(rest);
    }
}

fn is_plain(byte: u8) -> bool {
    PLAIN[usize::from(byte)]
}

/// What a value keeps: looked up for each byte of each key.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let kept =
            matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'~' | b'-');
        plain[byte as usize] = kept;
        byte += 1;
    }
    plain
};

impl fmt::Write for Part<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

macro_rules! by_display {
    ($($value:ty)*) => {$(
        impl KeyPart for $value {
            type Origin = Server;

            fn write(&self, part: &mut Part<'_>) {
                // Writing to a `String` can't fail.
                let _ = write!(part, "{self}");
            }
        }
    )*};
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl KeyPart for $integer {
            type Origin = Server;

            fn write(&self, part: &mut Part<'_>) {
                // Digits and a sign: there is nothing to encode.
                part.out.push_str(itoa::Buffer::new().format(*self));
            }
        }

        impl KeyPart for NonZero<$integer> {
            type Origin = Server;

            fn write(&self, part: &mut Part<'_>) {
                self.get().write(part);
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
by_display!(bool char);
#[cfg(feature = "uuid")]
by_display!(uuid::Uuid);

impl KeyPart for str {
    type Origin = Server;

    fn write(&self, part: &mut Part<'_>) {
        part.push_str(self);
    }
}

impl KeyPart for String {
    type Origin = Server;

    fn write(&self, part: &mut Part<'_>) {
        part.push_str(self);
    }
}

impl KeyPart for IdempotencyKey {
    type Origin = Client;

    fn write(&self, part: &mut Part<'_>) {
        part.push_str(self.as_str());
    }
}

macro_rules! by_deref {
    ($($pointer:ty),*) => {$(
        impl<P: KeyPart + ?Sized> KeyPart for $pointer {
            type Origin = P::Origin;

            fn write(&self, part: &mut Part<'_>) {
                P::write(self, part);
            }
        }
    )*};
}

by_deref!(&P, &mut P, Box<P>, Rc<P>, Arc<P>);

impl<P: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, P> {
    type Origin = P::Origin;

    fn write(&self, part: &mut Part<'_>) {
        P::write(self, part);
    }
}
