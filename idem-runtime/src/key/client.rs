//! The key that a client sent.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a client sent as its idempotency key: 1 to 255 visible ASCII bytes, checked when made.
///
/// A client makes it up, so it says nothing about whose request it is: in a key it stands beside a
/// part that does (tenant, user), which the compiler asks for.
///
/// ```
/// use idem::IdempotencyKey;
///
/// let key: IdempotencyKey = "8e03978e-40d5".parse()?;
/// assert_eq!(key.as_str(), "8e03978e-40d5");
/// assert!("".parse::<IdempotencyKey>().is_err());
/// # Ok::<(), idem::InvalidIdempotencyKey>(())
/// ```
///
/// In serde it is its text, checked when it is read, for keys that come in a message or a form and
/// not in a header:
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Charge {
///     key: idem::IdempotencyKey,
///     cents: u64,
/// }
///
/// let charge: Charge = serde_json::from_str(r#"{ "key": "8e03978e-40d5", "cents": 1200 }"#)?;
/// assert_eq!(charge.key.as_str(), "8e03978e-40d5");
/// assert!(serde_json::from_str::<Charge>(r#"{ "key": "", "cents": 1200 }"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

/// A text that is no [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
#[non_exhaustive]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The text as the client sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = InvalidIdempotencyKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let legal = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if legal { Ok(Self(text.into_boxed_str())) } else { Err(InvalidIdempotencyKey) }
    }
}

impl TryFrom<&str> for IdempotencyKey {
    type Error = InvalidIdempotencyKey;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Serialize for IdempotencyKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::try_from(text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::IdempotencyKey;

    fn read(json: &str) -> Result<IdempotencyKey, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_checked_when_it_is_read_and_comes_back_as_it_was() {
        for illegal in ["", "a b", "ä", "a\\u0000", &"k".repeat(256)] {
            let told = read(&format!("\"{illegal}\"")).expect_err(illegal);
            assert!(told.contains("1 to 255 visible ASCII"), "{told}");
        }
        let key = read(r#""8e03978e""#).expect("a key");
        assert_eq!(serde_json::to_string(&key).expect("a text"), r#""8e03978e""#);
    }
}
