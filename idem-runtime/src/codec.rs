//! How a result becomes bytes and comes back.

use std::task::{Context, Poll};

use serde_json::error::Category;

use crate::error::Source;

/// Encodes results of type `T` for the store, and decodes them for duplicates.
///
/// [`Json`] is the default. A codec of your own is named by `codec = MyCodec`; its [`NAME`] is kept
/// with every record, and a record of another codec is
/// [`Error::Unreadable`](crate::Error::Unreadable), never decoded by guess.
///
/// [`NAME`]: Codec::NAME
///
/// ```
/// use idem::Codec;
///
/// /// Numbers as eight bytes.
/// struct Fixed;
///
/// impl Codec<u64> for Fixed {
///     const NAME: &'static str = "fixed64";
///
///     fn encode(value: &u64, out: &mut Vec<u8>) -> Result<(), idem::Source> {
///         out.extend_from_slice(&value.to_le_bytes());
///         Ok(())
///     }
///
///     fn decode(bytes: &[u8]) -> Result<u64, idem::Source> {
///         Ok(u64::from_le_bytes(bytes.try_into()?))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a result of type `{T}` can't be stored, so no duplicate could get it",
    label = "can't be stored by `{Self}`",
    note = "`Json` stores what derives `serde::Serialize` and `serde::Deserialize` and borrows \
            nothing; a codec of your own, named by `codec = …`, what it implements \
            `idem::Codec<{T}>` for; `on_duplicate = \"reject\"` stores no result"
)]
#[cfg_attr(
    feature = "axum",
    diagnostic::on_unimplemented(
        note = "a handler's `Json<T>` and `(StatusCode, Json<T>)` are stored by the same rule for \
                `T`, a `Response` as it is; of anything else make a `Response` by \
                `.into_response()`"
    )
)]
pub trait Codec<T> {
    /// The name that records keep, its hash where it is longer than eight bytes.
    const NAME: &'static str;

    /// Appends the encoded value to `out`.
    ///
    /// # Errors
    ///
    /// What will not encode. The record is then completed without a result, and duplicates get
    /// [`Error::ResultNotStored`](crate::Error::ResultNotStored).
    fn encode(value: &T, out: &mut Vec<u8>) -> Result<(), Source>;

    /// Decodes what [`encode`](Codec::encode) wrote.
    ///
    /// # Errors
    ///
    /// What will not decode, for instance since the type has changed: duplicates get
    /// [`Error::Unreadable`](crate::Error::Unreadable).
    fn decode(bytes: &[u8]) -> Result<T, Source>;

    /// Whether a value is a failure though it is no `Err`, such as an HTTP response that says 503:
    /// then `on_err` applies to it as to an `Err`, except that it is stored as what it is.
    #[must_use]
    fn is_failure(_value: &T) -> bool {
        false
    }

    /// Makes a value ready to be encoded, such as by reading a response's body; `limit` is the
    /// engine's `max_result`, in bytes. Polled under the attempt's lease, until it is ready.
    fn poll_prepare(_value: &mut T, _limit: usize, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// JSON by `serde_json`: the codec unless another is named.
///
/// A value comes back as it was, floats to the last bit, but for what JSON has no word for:
/// `Some(None)` comes back as `None`, and a float that is infinite or no number is written as `null`,
/// which is [`Error::Unreadable`](crate::Error::Unreadable) to duplicates.
///
/// Its errors say where, and never what: a payload has no place in an error or a log.
#[derive(Debug, Clone, Copy)]
pub struct Json;

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Codec<T> for Json {
    const NAME: &'static str = "json";

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<(), Source> {
        serde_json::to_writer(out, value).map_err(|error| match error.classify() {
            Category::Data => "its `Serialize` refuses it".into(),
            _ => error.into(),
        })
    }

    fn decode(bytes: &[u8]) -> Result<T, Source> {
        serde_json::from_slice(bytes).map_err(|error| {
            let what = match error.classify() {
                Category::Data => "the JSON is of another type",
                Category::Eof => "the JSON ends early",
                Category::Syntax | Category::Io => "it is not JSON",
            };
            format!("{what} (line {}, column {})", error.line(), error.column()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Codec, Json};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_float_is_the_same_for_a_duplicate(value in prop::num::f64::NORMAL) {
            let mut stored = Vec::new();
            Json::encode(&value, &mut stored).unwrap();
            let read: f64 = Json::decode(&stored).unwrap();
            prop_assert_eq!(read.to_bits(), value.to_bits());
        }
    }
}
