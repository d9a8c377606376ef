//! The keys of an engine: one signs, all verify.

use std::time::Duration;

use super::form::{self, Claims, Header, Parts};
use super::key::{TokenKey, is_algorithm};
use super::{InvalidToken, Token, clock};
use crate::error::Error;
use crate::key::Key;

/// The keys of an engine, the first of which signs, and the leeway that is given to clocks.
#[derive(Debug)]
pub(crate) struct Ring {
    keys: Vec<TokenKey>,
    leeway: Duration,
}

/// What a token that holds is good for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The token's own id.
    pub(crate) id: String,
    /// How long a record of its use must be kept, whenever that is: past the last moment at which
    /// any node would take the token.
    pub(crate) retention: Duration,
}

const DEFAULT_LEEWAY: Duration = Duration::from_secs(5);
const LONGEST_LEEWAY: Duration = Duration::from_hours(1);
/// What a store can be asked to keep, less both leeways.
const LONGEST_LIFE: Duration = Duration::from_hours(99 * 366 * 24);

const NO_KEY: &str =
    "tokens need a key: `.token_secret(secret)` or `.token_keys(keys)` on the builder";

impl Ring {
    /// A secret that nobody else has, for an engine whose records nobody else has.
    pub(crate) fn random() -> Self {
        let secret: [[u8; 16]; 2] = std::array::from_fn(|_| rand::random::<u128>().to_ne_bytes());
        Self { keys: vec![TokenKey::only(secret.as_flattened())], ..Self::default() }
    }

    /// Issues a token for a key, good from now for at least `life`.
    pub(crate) fn issue(&self, key: &Key, life: Duration) -> Result<Token, Error> {
        key.check()?;
        if life.is_zero() || life > LONGEST_LIFE {
            return Err(Error::config("a token lives for more than no time, and 99 years at most"));
        }
        let first = self.keys.first().ok_or_else(|| Error::config(NO_KEY))?;
        let Ok(secret) = &first.secret else { return Err(Error::config(NO_KEY)) };
        let now = clock::now();
        let expires = now + life;
        let claims = Claims {
            aud: key.operation().into(),
            sub: key.text().into(),
            jti: form::new_id().into(),
            iat: now.as_secs(),
            exp: expires.as_secs() + u64::from(expires.subsec_nanos() > 0),
        };
        let mut text = form::unsigned(&Header::new(secret.alg(), first.kid.as_deref()), &claims);
        let Some(signature) = secret.sign(&text) else {
            return Err(Error::config(
                "the first of the token keys signs, and this one only verifies",
            ));
        };
        form::sign(&mut text, &signature);
        if text.len() > form::LONGEST {
            let reason = format!("`{}` is too long for a token", key.operation());
            return Err(Error::InvalidKey { reason });
        }
        Ok(Token::from(text))
    }

    /// What a token is good for, now, in a call under this key.
    pub(crate) fn verify(&self, token: &Token, key: &Key) -> Result<Use, Error> {
        self.read(token, |claims| {
            judge(claims, key)?;
            in_time(claims, clock::now(), self.leeway)
        })
    }

    /// The same whatever the time: for people who look at what became of a token.
    pub(crate) fn look_at(&self, token: &Token, key: &Key) -> Result<Use, Error> {
        self.read(token, |claims| judge(claims, key))
    }

    fn read(
        &self,
        token: &Token,
        judge: impl FnOnce(&Claims<'_>) -> Result<(), InvalidToken>,
    ) -> Result<Use, Error> {
        if self.keys.is_empty() {
            return Err(Error::config(NO_KEY));
        }
        let read = || {
            let parts = Parts::of(token.as_str())?;
            self.check_signature(&parts)?;
            let claims = parts.claims()?;
            judge(&claims)?;
            let retention = retention(&claims, self.leeway);
            Ok(Use { id: claims.jti.into_owned(), retention })
        };
        read().map_err(|reason| Error::InvalidToken { reason })
    }

    /// The header does no more than find the key: what verifies, and how, is the key's own.
    fn check_signature(&self, parts: &Parts<'_>) -> Result<(), InvalidToken> {
        let header = parts.header()?;
        if !is_algorithm(&header.alg) {
            return Err(InvalidToken::WrongAlgorithm);
        }
        let named = |key: &&TokenKey| key.kid.as_deref() == header.kid.as_deref();
        let secret = self.keys.iter().find(named).and_then(|key| key.secret.as_ref().ok());
        let secret = secret.ok_or(InvalidToken::UnknownKey)?;
        if header.alg != secret.alg() {
            return Err(InvalidToken::WrongAlgorithm);
        }
        if !secret.verifies(parts.signed, &parts.signature) {
            return Err(InvalidToken::BadSignature);
        }
        Ok(())
    }
}

/// Refuses claims that are unsound, or for another key.
fn judge(claims: &Claims<'_>, key: &Key) -> Result<(), InvalidToken> {
    if !claims.has_sound_id() || life(claims).is_none() {
        Err(InvalidToken::Malformed)
    } else if claims.aud != key.operation() {
        Err(InvalidToken::OtherOperation)
    } else if claims.sub != key.text() {
        Err(InvalidToken::OtherSubject)
    } else {
        Ok(())
    }
}

/// From issue to expiry, if that is a time that can be.
fn life(claims: &Claims<'_>) -> Option<Duration> {
    let life = Duration::from_secs(claims.exp.checked_sub(claims.iat)?);
    // Issuing rounds both ends to whole seconds.
    (!life.is_zero() && life <= LONGEST_LIFE + Duration::from_secs(2)).then_some(life)
}

/// From the first moment at which any node takes the token to the last, where no two clocks are
/// further apart than the leeway: whenever its use is recorded, the record outlives it.
fn retention(claims: &Claims<'_>, leeway: Duration) -> Duration {
    life(claims).unwrap_or_default() + 2 * leeway
}

/// How long the use of such a token is kept; `None` for a clock that does not take it.
#[cfg(feature = "testing")]
pub(crate) fn use_of(iat: u64, exp: u64, now: Duration, leeway: Duration) -> Option<Duration> {
    let claims = Claims { aud: "".into(), sub: "".into(), jti: "".into(), iat, exp };
    in_time(&claims, now, leeway).ok().map(|()| retention(&claims, leeway))
}

/// Refuses claims before their issue and after their end, give or take the leeway.
fn in_time(claims: &Claims<'_>, now: Duration, leeway: Duration) -> Result<(), InvalidToken> {
    if Duration::from_secs(claims.iat) > now.saturating_add(leeway) {
        Err(InvalidToken::NotYetValid)
    } else if now >= Duration::from_secs(claims.exp).saturating_add(leeway) {
        Err(InvalidToken::Expired)
    } else {
        Ok(())
    }
}

/// The keys of an engine to be, in the order in which they were given.
#[derive(Debug)]
pub(crate) struct RingBuilder {
    keys: Vec<TokenKey>,
    leeway: Duration,
    fault: Option<&'static str>,
}

impl Default for RingBuilder {
    fn default() -> Self {
        Self { keys: Vec::new(), leeway: DEFAULT_LEEWAY, fault: None }
    }
}

impl RingBuilder {
    pub(crate) fn secret(&mut self, secret: &[u8]) {
        self.keys.push(TokenKey::only(secret));
    }

    pub(crate) fn keys(&mut self, keys: impl IntoIterator<Item = TokenKey>) {
        let before = self.keys.len();
        self.keys.extend(keys);
        if self.keys.len() == before {
            self.fault = Some("`token_keys` has no key: list one at least");
        }
    }

    pub(crate) fn leeway(&mut self, leeway: Duration) {
        self.leeway = leeway;
        if leeway > LONGEST_LEEWAY {
            self.fault = Some("`token_leeway` is an hour at most");
        }
    }

    pub(crate) fn build(self) -> Result<Ring, Error> {
        let Self { keys, leeway, fault } = self;
        if let Some(fault) = fault {
            return Err(Error::config(fault));
        }
        for (at, key) in keys.iter().enumerate() {
            let fault = key.fault().or_else(|| {
                let again = keys[..at].iter().any(|earlier| earlier.kid == key.kid);
                again.then_some("it is given twice; a list of keys by their ids is `token_keys`")
            });
            if let Some(fault) = fault {
                let name = key.kid.as_ref().map_or_else(
                    || "`token_secret`".to_owned(),
                    |kid| format!("the token key `{kid}`"),
                );
                return Err(Error::config(format!("{name}: {fault}")));
            }
        }
        Ok(Ring { keys, leeway })
    }
}

impl Default for Ring {
    /// None: every token is refused.
    fn default() -> Self {
        Self { keys: Vec::new(), leeway: DEFAULT_LEEWAY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(iat: u64, exp: u64) -> Claims<'static> {
        Claims { aud: "pay".into(), sub: "pay:1".into(), jti: "id".into(), iat, exp }
    }

    const IAT: u64 = 1_000;
    const QUARTERS: u64 = 250;

    fn quarters(n: u64) -> Duration {
        Duration::from_millis(n * QUARTERS)
    }

    #[test]
    fn a_token_is_taken_from_its_issue_to_its_end_give_or_take_the_leeway() {
        let claims = claims(IAT, IAT + 3);
        for leeway in [0, 1, 2] {
            let at =
                |now| in_time(&claims, Duration::from_millis(now), Duration::from_secs(leeway));
            let (first, end) = ((IAT - leeway) * 1000, (IAT + 3 + leeway) * 1000);
            assert_eq!(at(first - 1), Err(InvalidToken::NotYetValid));
            assert_eq!(at(first), Ok(()));
            assert_eq!(at(end - 1), Ok(()));
            assert_eq!(at(end), Err(InvalidToken::Expired));
        }
    }

    /// Every clock within the leeway of every other, in quarters of a second: whoever issued it and
    /// whoever recorded its use, whoever is asked later finds the record or refuses the token.
    #[test]
    fn the_record_of_a_use_outlives_the_token_on_every_clock() {
        for (life, leeway) in [(1, 0), (1, 1), (2, 1), (1, 2)] {
            let claims = claims(IAT, IAT + life);
            let leeway = Duration::from_secs(leeway);
            let kept = retention(&claims, leeway);
            let taken = |time: Duration, behind: Duration| {
                in_time(&claims, time.saturating_sub(behind), leeway).is_ok()
            };
            // By a clock that is right; the others are behind it by up to the leeway.
            let times = || (0..60).map(|n| Duration::from_secs(IAT) + quarters(n));
            let skews = || (0..).map(quarters).take_while(|behind| *behind <= leeway);
            let mut closest = Duration::MAX;
            for (issuer, one) in skews().flat_map(|issuer| skews().map(move |one| (issuer, one))) {
                let issued = Duration::from_secs(IAT) + issuer;
                let recorded = times().filter(|time| *time >= issued && taken(*time, one));
                for (recorded, other) in recorded.flat_map(|at| skews().map(move |two| (at, two))) {
                    let last = times().filter(|time| taken(*time, other)).max().unwrap();
                    assert!(
                        last < recorded + kept,
                        "{life} {leeway:?} {issuer:?} {one:?} {other:?}"
                    );
                    closest = closest.min((recorded + kept).saturating_sub(last));
                }
            }
            assert_eq!(closest, quarters(1), "not longer than it has to be");
        }
    }
}
