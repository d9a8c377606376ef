//! The keys that sign tokens. A key is of one algorithm, whatever a token says of itself.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A key that signs tokens and verifies them, by its id (`kid`), for
/// [`Builder::token_keys`](crate::Builder::token_keys).
///
/// It belongs to one algorithm: a token that names it under another is refused.
///
/// ```
/// use idem::TokenKey;
///
/// # fn read(_: &str) -> [u8; 32] { [7; 32] }
/// let keys = [
///     TokenKey::ed25519("2026-11", &read("token-key-2026-11")), // signs
///     TokenKey::hs256("2026-05", read("token-key-2026-05")),    // verifies what it has signed
/// ];
/// ```
pub struct TokenKey {
    /// `None` for the engine's `token_secret`.
    pub(super) kid: Option<String>,
    /// Or what is wrong with it: told by `build()`.
    pub(super) secret: Result<Secret, &'static str>,
}

pub(super) enum Secret {
    /// HMAC with SHA-256, ready to be fed.
    Hs256(Box<Hmac<Sha256>>),
    Ed25519(Box<SigningKey>),
    /// The half that verifies.
    Ed25519Public(Box<VerifyingKey>),
}

/// The bytes of a signature: right or wrong, and of any length.
pub(super) struct Signature(pub(super) Vec<u8>);

/// RFC 7518 asks as many bits of an HMAC's key as its hash has.
const SHORTEST: usize = 32;
const LONGEST_KID: usize = 64;

impl TokenKey {
    /// HMAC with SHA-256 (`HS256`), by a secret of 32 random bytes or more: whoever verifies can
    /// also issue.
    pub fn hs256(kid: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        Self { kid: Some(kid.into()), secret: Secret::hs256(secret.as_ref()) }
    }

    /// Ed25519 (`EdDSA`), by its seed, the 32 random bytes that RFC 8032 calls the private key.
    pub fn ed25519(kid: impl Into<String>, seed: &[u8; 32]) -> Self {
        let key = Box::new(SigningKey::from_bytes(seed));
        Self { kid: Some(kid.into()), secret: Ok(Secret::Ed25519(key)) }
    }

    /// The public half of an Ed25519 key, for a service that takes tokens and issues none.
    pub fn ed25519_public(kid: impl Into<String>, public: &[u8; 32]) -> Self {
        let key = VerifyingKey::from_bytes(public).ok().filter(|key| !key.is_weak());
        let secret = key.map(|key| Secret::Ed25519Public(Box::new(key)));
        Self { kid: Some(kid.into()), secret: secret.ok_or("it is no public key of Ed25519") }
    }

    /// The key of an engine that has one secret and no ids.
    pub(super) fn only(secret: &[u8]) -> Self {
        Self { kid: None, secret: Secret::hs256(secret) }
    }

    /// The public half, to hand to a service that takes tokens and issues none; `None` for a key
    /// that has none.
    #[must_use]
    pub fn public(&self) -> Option<[u8; 32]> {
        match self.secret.as_ref().ok()? {
            Secret::Hs256(_) => None,
            Secret::Ed25519(key) => Some(key.verifying_key().to_bytes()),
            Secret::Ed25519Public(key) => Some(key.to_bytes()),
        }
    }

    /// What keeps the key from being used.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let sound = |kid: &String| {
            (1..=LONGEST_KID).contains(&kid.len()) && kid.bytes().all(|b| b.is_ascii_graphic())
        };
        if self.kid.as_ref().is_some_and(|kid| !sound(kid)) {
            return Some("an id is 1 to 64 visible ASCII characters");
        }
        self.secret.as_ref().err().copied()
    }
}

impl Secret {
    fn hs256(secret: &[u8]) -> Result<Self, &'static str> {
        if secret.len() < SHORTEST {
            return Err("a secret has at least 32 random bytes (256 bits)");
        }
        match Hmac::new_from_slice(secret) {
            Ok(mac) => Ok(Self::Hs256(Box::new(mac))),
            Err(_) => unreachable!("HMAC takes a key of any length"),
        }
    }

    /// The name of its algorithm in a token.
    pub(super) fn alg(&self) -> &'static str {
        match self {
            Self::Hs256(_) => HS256,
            Self::Ed25519(_) | Self::Ed25519Public(_) => EDDSA,
        }
    }

    /// The signature of a text; `None` for a key that only verifies.
    pub(super) fn sign(&self, text: &str) -> Option<Signature> {
        Some(Signature(match self {
            Self::Hs256(mac) => {
                let mut mac = (**mac).clone();
                mac.update(text.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(text.as_bytes()).to_bytes().to_vec(),
            Self::Ed25519Public(_) => return None,
        }))
    }

    /// Whether the signature is this key's, in a time that does not depend on where it differs.
    pub(super) fn verifies(&self, text: &str, Signature(bytes): &Signature) -> bool {
        let by = |key: &VerifyingKey| {
            let signature = ed25519_dalek::Signature::from_slice(bytes);
            signature.is_ok_and(|signature| key.verify_strict(text.as_bytes(), &signature).is_ok())
        };
        match self {
            Self::Hs256(mac) => {
                let mut mac = (**mac).clone();
                mac.update(text.as_bytes());
                mac.verify_slice(bytes).is_ok()
            }
            Self::Ed25519(key) => by(&key.verifying_key()),
            Self::Ed25519Public(key) => by(key),
        }
    }
}

const HS256: &str = "HS256";
const EDDSA: &str = "EdDSA";

/// Whether any key could be of this algorithm.
pub(super) fn is_algorithm(alg: &str) -> bool {
    matches!(alg, HS256 | EDDSA)
}

impl fmt::Debug for TokenKey {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("kid", &self.kid)
            .field("alg", &self.secret.as_ref().ok().map(Secret::alg))
            .finish_non_exhaustive()
    }
}
