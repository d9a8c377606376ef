//! The key that a client sent.

use std::fmt;

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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

/// A text that is no [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
