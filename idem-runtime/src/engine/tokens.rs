//! Tokens on an engine: their keys, issuing one, and the name that its use is recorded under.

use std::time::Duration;

use super::{Builder, Idem};
use crate::error::Error;
use crate::key::Key;
use crate::store::Name;
use crate::token::{Token, TokenKey, Use};

impl Builder {
    /// The secret by which tokens are signed and verified (`HS256`): 32 random bytes or more, the
    /// same in every process. It has no id, so an engine has one at most; further keys are given by
    /// [`token_keys`](Builder::token_keys).
    pub fn token_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.tokens.secret(secret.as_ref());
        self
    }

    /// The keys of tokens, by their ids. Of all that the builder was given, `token_secret` too, the
    /// first signs, and all verify.
    ///
    /// To change a key without refusing what is under way: list the new one behind the old one in
    /// every process, then before it, and leave the old one out when its last token has expired.
    ///
    /// ```no_run
    /// # async fn main_(new: [u8; 32], old: Vec<u8>) -> Result<(), idem::Error> {
    /// use idem::{Idem, TokenKey};
    ///
    /// let keys = [TokenKey::ed25519("2026-11", &new), TokenKey::hs256("2026-05", old)];
    /// let idem = Idem::builder().redis("redis://127.0.0.1/").token_keys(keys).build().await?;
    /// # Ok(()) }
    /// ```
    pub fn token_keys(mut self, keys: impl IntoIterator<Item = TokenKey>) -> Self {
        self.tokens.keys(keys);
        self
    }

    /// How far the clocks of two machines may be apart, at most an hour: 5 seconds unless set, and
    /// the same in every process. A token is taken this much before its issue and after its end,
    /// and the record of its use is kept for as long as that allows.
    pub fn token_leeway(mut self, leeway: Duration) -> Self {
        self.tokens.leeway(leeway);
        self
    }
}

impl Idem {
    /// Issues a token: the right to one call under this key, good from now for at least `ttl`
    /// (whole seconds, rounded up).
    ///
    /// A local computation that asks and changes no store, so that nobody can fill one by asking
    /// for tokens. Two tokens for one key are two uses.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`], and [`Error::Config`] without a key that signs, or for a `ttl` that
    /// is zero or over 99 years.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let secret = [7; 32];
    /// let idem = idem::Idem::builder().memory().token_secret(secret).build().await?;
    /// let user = 42;
    /// let token = idem.issue_token(&idem::key!("pay:{user}"), Duration::from_mins(15))?;
    /// let for_the_form = token.as_str();
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    pub fn issue_token(&self, key: &Key, ttl: Duration) -> Result<Token, Error> {
        self.0.tokens.issue(key, ttl)
    }

    /// What a token is good for, now, in a call under this key.
    pub(crate) fn verify_token(&self, token: &Token, key: &Key) -> Result<Use, Error> {
        self.0.tokens.verify(token, key)
    }

    /// The name that a token's use is recorded under: no key begins a part by `@`.
    pub(crate) fn name_of_use(&self, key: &Key, token: &Use) -> Name {
        Name::joined(&self.0.prefix, &format!("{}@{}", key.operation_prefix(), token.id))
    }

    /// The name that a record of this key stands under, for people: of its token's use, if it
    /// brings one, which may have expired.
    pub(super) fn name_for_people(&self, key: &Key) -> Result<Name, Error> {
        match key.its_token() {
            None => Ok(self.name(key)),
            Some(token) => Ok(self.name_of_use(key, &self.0.tokens.look_at(token, key)?)),
        }
    }
}
