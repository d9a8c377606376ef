//! Tokens made by hand, right and wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use idem::Token;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::SECRET;

/// The header of a token that `token_secret` signs.
pub(crate) const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// The claims of a token for `pay:1` that is good now, with these in place of its own.
pub(crate) fn claims(others: &Value) -> String {
    let jti = format!("{:032x}", rand::random::<u128>());
    let (iat, exp) = (now(), now() + 900);
    let mut claims = json!({ "aud": "pay", "sub": "pay:1", "jti": jti, "iat": iat, "exp": exp });
    for (name, value) in others.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.to_string()
}

/// The claims of a token that is good now.
pub(crate) fn good() -> String {
    claims(&json!({}))
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64.encode(bytes)
}

/// The text that is signed.
fn unsigned(header: &str, claims: impl AsRef<[u8]>) -> String {
    format!("{}.{}", encode(header), encode(claims))
}

pub(crate) fn with_signature(
    header: &str,
    claims: impl AsRef<[u8]>,
    signature: impl AsRef<[u8]>,
) -> Token {
    Token::from(format!("{}.{}", unsigned(header, claims), encode(signature)))
}

pub(crate) fn by_hmac(header: &str, claims: impl AsRef<[u8]>, secret: &[u8]) -> Token {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(unsigned(header, &claims).as_bytes());
    with_signature(header, claims, mac.finalize().into_bytes())
}

pub(crate) fn by_ed25519(header: &str, claims: impl AsRef<[u8]>, seed: &[u8; 32]) -> Token {
    let signature = SigningKey::from_bytes(seed).sign(unsigned(header, &claims).as_bytes());
    with_signature(header, claims, signature.to_bytes())
}

/// Signed by the engine's own secret, whatever it says.
pub(crate) fn signed(header: &str, claims: impl AsRef<[u8]>) -> Token {
    by_hmac(header, claims, &SECRET)
}

/// The parts of a token, decoded.
pub(crate) fn read(token: &Token) -> (Value, Value) {
    let mut parts = token.as_str().split('.').map(|part| BASE64.decode(part).unwrap());
    let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (json(), json())
}
