//! Keys: the identity of one logical request.

mod client;
mod fingerprint;
pub mod origin;
mod part;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

pub use client::{IdempotencyKey, InvalidIdempotencyKey};
pub(crate) use fingerprint::Fingerprint;
use fingerprint::Form;
pub use fingerprint::{Comparable, Print};
pub use part::{KeyPart, Part};
pub use writer::KeyWriter;

use crate::error::Error;
use crate::machine::Transition;
use crate::token::Token;

/// The identity of one logical request: an operation and the values that tell its requests apart.
///
/// Made by [`idem::key!`](crate::key!) from the same template that the attribute takes. It prints
/// as the logical key that errors and operators name: `charge:42:A-1`.
///
/// Two keys are equal when they are of the same request: the same text, the same fingerprint or
/// none, and the same token or none. With another fingerprint the text still stands for one record, whose call is an
/// [`Error::Mismatch`]. So a batch is rid of its own duplicates by a set of keys.
///
/// ```
/// let (user, number) = (42, "A:1");
/// let key = idem::key!("charge:{user}:{number}");
/// assert_eq!(key.to_string(), "charge:42:A%3A1");
/// assert_eq!(key.operation(), "charge");
/// assert_ne!(key.clone().fingerprint(&1200), key);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Key {
    operation: Cow<'static, str>,
    /// Encoded operation, `:`, dynamic part.
    text: String,
    fingerprint: Option<Fingerprint>,
    token: Option<Token>,
    /// What the call does to an entity; boxed, since most calls do nothing.
    transition: Option<Box<Transition>>,
    /// What is wrong with the key; reported by who uses it.
    fault: Option<String>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Key {
    /// What two keys of one request have in common.
    fn identity(&self) -> (&str, Option<Fingerprint>, Option<&str>, Option<&str>) {
        let token = self.token.as_ref().map(Token::as_str);
        (&self.text, self.fingerprint, token, self.fault.as_deref())
    }

    /// What is guarded: the template's leading literal.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    pub(crate) fn operation_name(&self) -> Cow<'static, str> {
        self.operation.clone()
    }

    /// The same key with the fingerprint of `values`: what must be equal for two calls to be the
    /// same request.
    ///
    /// The values are hashed canonically, maps and structs in key order. A list is compared in its
    /// own: a `HashSet` is one in another order each time, and a `BTreeSet` is not. Values are equal
    /// that JSON writes alike: `None`, `()` and a float that is no finite number are one. A value that
    /// will not serialise makes the key invalid, which the call that uses it reports.
    ///
    /// ```
    /// let order = 7;
    /// let key = idem::key!("charge:{order}").fingerprint(&("EUR", 1200));
    /// ```
    pub fn fingerprint<V: serde::Serialize + ?Sized>(self, values: &V) -> Self {
        self.with_fingerprint("", Form::of(values))
    }

    /// The same under the name of a scheme: which values, by their expressions. Fingerprints of
    /// different schemes are not compared.
    #[doc(hidden)]
    pub fn fingerprint_of<const N: usize>(self, scheme: &str, values: [Print; N]) -> Self {
        let values: Result<Vec<_>, _> = values.into_iter().map(|value| value.0).collect();
        self.with_fingerprint(scheme, values.map(Form::List))
    }

    /// The same key with the token that a call under [`Plan::token`](crate::Plan::token) uses.
    ///
    /// For people who look at what became of a token, [`Idem::get`](crate::Idem::get) and its kin
    /// take such a key too.
    ///
    /// ```
    /// # let token = idem::Token::from(String::new());
    /// let user = 42;
    /// let key = idem::key!("pay:{user}").token(&token);
    /// ```
    pub fn token(self, token: &Token) -> Self {
        Self { token: Some(token.clone()), ..self }
    }

    fn with_fingerprint(mut self, scheme: &str, values: serde_json::Result<Form>) -> Self {
        match values.and_then(|values| Fingerprint::of(scheme, &values)) {
            Ok(fingerprint) => self.fingerprint = Some(fingerprint),
            Err(error) => {
                let reason = format!("the fingerprint of `{}` can't be taken: {error}", self.text);
                self.fault.get_or_insert(reason);
            }
        }
        self
    }

    /// The same key for a call that makes this transition: what [`Plan::state`](crate::Plan::state)
    /// needs.
    ///
    /// ```
    /// use idem::{StateMachine, Transition};
    ///
    /// #[derive(StateMachine)]
    /// #[state(table = "orders", id = "id", column = "status")]
    /// enum OrderStatus {
    ///     #[state(to(Paid))]
    ///     Pending,
    ///     Paid,
    /// }
    ///
    /// let (callback, order) = ("evt_1", 7);
    /// let paid = Transition::new(OrderStatus::Pending, OrderStatus::Paid, order);
    /// let key = idem::key!("pay:{callback}:{order}").transition(paid);
    /// ```
    pub fn transition(self, transition: Transition) -> Self {
        Self { transition: Some(Box::new(transition)), ..self }
    }

    /// The transition that it brings along.
    pub(crate) fn its_transition(&self) -> Option<&Transition> {
        self.transition.as_deref()
    }

    /// The fingerprint that it brings along.
    pub(crate) fn its_fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// The token that it brings along.
    pub(crate) fn its_token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The encoded key without the engine's prefix.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The encoded operation, and the `:` that follows it.
    pub(crate) fn operation_prefix(&self) -> &str {
        // What is encoded has no `:` of its own.
        self.text.split_inclusive(':').next().unwrap_or_default()
    }

    /// # Errors
    ///
    /// [`Error::InvalidKey`] for an empty part, or a fingerprint that can't be taken.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.fault {
            None => Ok(()),
            Some(reason) => Err(Error::InvalidKey { reason: reason.clone() }),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
