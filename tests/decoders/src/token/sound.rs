//! What a token must say to be taken, read by a parser that knows nothing of tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// The key's id, if it has one, and its algorithm.
pub(super) type Kid = (Option<&'static str>, &'static str);

const LEEWAY: Duration = Duration::from_secs(5);
/// Ninety-nine years, and what is rounded up.
const LONGEST_LIFE: u64 = 99 * 366 * 86_400 + 2;

pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set")
}

/// Which of the keys a header names, if it says nothing else.
pub(super) fn key(header: &[u8], keys: &[Kid]) -> Option<Kid> {
    let header = object(header)?;
    let known = header.keys().all(|name| matches!(&**name, "alg" | "kid" | "typ"));
    let text = |name| match header.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(&**text)),
        Some(_) => None,
    };
    let (kid, alg, _) = (text("kid")?, text("alg")??, text("typ")?);
    keys.iter().copied().find(|key| known && *key == (kid, alg))
}

/// Claims for `pay:1`, sound but for their time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claims {
    id: String,
    iat: u64,
    exp: u64,
}

impl Claims {
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let claims = object(json)?;
        let text = |name| claims.get(name).and_then(Value::as_str);
        let number = |name| claims.get(name).and_then(Value::as_u64);
        let (id, iat, exp) = (text("jti")?, number("iat")?, number("exp")?);
        let ours = text("aud") == Some("pay") && text("sub") == Some("pay:1") && claims.len() == 5;
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        let is_id = (1..=64).contains(&id.len()) && id.bytes().all(unreserved);
        let life = exp.checked_sub(iat)?;
        let sound = ours && is_id && (1..=LONGEST_LIFE).contains(&life);
        sound.then(|| Self { id: id.to_owned(), iat, exp })
    }

    pub(super) fn hold(&self, now: Duration) -> bool {
        let after = now.checked_sub(LEEWAY).is_none_or(|now| now < Duration::from_secs(self.exp));
        Duration::from_secs(self.iat) <= now + LEEWAY && after
    }

    /// The same in the fewest words.
    pub(super) fn plain(&self) -> String {
        let Self { id, iat, exp } = self;
        json!({ "aud": "pay", "sub": "pay:1", "jti": id, "iat": iat, "exp": exp }).to_string()
    }
}

fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}
