//! Tokens by the server's own keys, whatever they say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use idem::Token;
use serde_json::json;
use sha2::Sha256;

use super::sound::Kid;

pub(super) const SECRET: [u8; 32] = *b"a secret of two hundred 56 bits.";
pub(super) const SEED: [u8; 32] = [3; 32];

/// What `token_secret` writes.
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

/// The header of a token that this key has signed.
pub(super) fn header((kid, alg): Kid) -> String {
    match kid {
        Some(kid) => json!({ "alg": alg, "kid": kid }).to_string(),
        None => json!({ "alg": alg }).to_string(),
    }
}

/// A header and claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) header: &'a [u8],
    pub(super) claims: &'a [u8],
}

impl<'a> Signed<'a> {
    /// The claims, after a line of a header if there are two.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) if end + 1 < bytes.len() => {
                Self { header: &bytes[..end], claims: &bytes[end + 1..] }
            }
            _ => Self { header: HEADER, claims: bytes },
        }
    }

    /// By the key that the header speaks of, as far as it can be made out.
    pub(super) fn token(&self) -> Token {
        let text = format!("{}.{}", BASE64.encode(self.header), BASE64.encode(self.claims));
        let signature = if self.header.windows(5).any(|part| part == b"EdDSA") {
            SigningKey::from_bytes(&SEED).sign(text.as_bytes()).to_bytes().to_vec()
        } else {
            let mut mac = Hmac::<Sha256>::new_from_slice(&SECRET).expect("of any length");
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        };
        Token::from(format!("{text}.{}", BASE64.encode(signature)))
    }
}
