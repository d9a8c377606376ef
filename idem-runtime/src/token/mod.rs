//! Tokens: the server issues one, the client brings it back, and it is good for one use.

mod clock;
mod form;
mod invalid;
mod key;
mod ring;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use invalid::InvalidToken;
pub use key::TokenKey;
#[cfg(feature = "testing")]
pub(crate) use ring::use_of;
pub(crate) use ring::{Ring, RingBuilder, Use};

/// A token that [`Idem::issue_token`](crate::Idem::issue_token) has made, or a text that says it is
/// one: nothing is checked until a call is made with it.
///
/// Whoever has its text can use it, so the text is in no `Debug`, there is no `Display`, and
/// [`as_str`](Token::as_str) is how it leaves. In serde it is its text, for the bodies of requests
/// and answers.
///
/// ```
/// let token = idem::Token::from("eyJhbGciOiJI…".to_owned());
/// assert_eq!(format!("{token:?}"), "Token(..)");
/// assert!(token.as_str().starts_with("eyJ"));
/// ```
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// The text, to send to the client.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// What `token = …` may name: a [`Token`], behind references and pointers too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no token",
    label = "not an `idem::Token`",
    note = "take it as `idem::Token`, which a text becomes by `Token::from`, and a field of a request by serde"
)]
pub trait IsToken {
    /// The token.
    fn token(&self) -> &Token;
}

#[diagnostic::do_not_recommend]
impl IsToken for Token {
    fn token(&self) -> &Token {
        self
    }
}

macro_rules! through {
    ($($pointer:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: IsToken + ?Sized> IsToken for $pointer {
            fn token(&self) -> &Token {
                (**self).token()
            }
        }
    )*};
}

through! { &T &mut T Box<T> Rc<T> Arc<T> }
