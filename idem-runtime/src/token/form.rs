//! The form of a token: a JWT in its compact serialisation, of these fields and no others.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::InvalidToken;
use super::key::Signature;

/// The longest token that is looked at, in bytes: what a cookie holds.
pub(super) const LONGEST: usize = 4096;
/// The longest id, in bytes: it becomes part of a record's name.
const LONGEST_ID: usize = 64;

/// What is said of the signature. Not believed before it holds: it only finds the key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) alg: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    typ: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    pub(super) fn new(alg: &'a str, kid: Option<&'a str>) -> Self {
        Self { alg: alg.into(), kid: kid.map(Cow::from), typ: Some("JWT".into()) }
    }
}

/// What is signed. Times are whole seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims<'a> {
    /// The operation.
    #[serde(borrow)]
    pub(super) aud: Cow<'a, str>,
    /// The rendered key.
    #[serde(borrow)]
    pub(super) sub: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) jti: Cow<'a, str>,
    pub(super) iat: u64,
    pub(super) exp: u64,
}

impl Claims<'_> {
    /// Whether the id can be part of a record's name as it is.
    pub(super) fn has_sound_id(&self) -> bool {
        let unreserved =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'-');
        (1..=LONGEST_ID).contains(&self.jti.len()) && self.jti.bytes().all(unreserved)
    }
}

/// A token in its parts; none of them is believed.
pub(super) struct Parts<'a> {
    /// The text that is signed: header, `.`, claims.
    pub(super) signed: &'a str,
    header: Vec<u8>,
    claims: Vec<u8>,
    pub(super) signature: Signature,
}

impl<'a> Parts<'a> {
    /// Takes a text apart. A second spelling of the same bytes (padding, stray bits) is malformed.
    pub(super) fn of(text: &'a str) -> Result<Self, InvalidToken> {
        if text.len() > LONGEST {
            return Err(InvalidToken::Malformed);
        }
        let decode = |part: &str| BASE64.decode(part).map_err(|_| InvalidToken::Malformed);
        let (signed, signature) = text.rsplit_once('.').ok_or(InvalidToken::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(InvalidToken::Malformed)?;
        Ok(Self {
            signed,
            header: decode(header)?,
            claims: decode(claims)?,
            signature: Signature(decode(signature)?),
        })
    }

    pub(super) fn header(&self) -> Result<Header<'_>, InvalidToken> {
        object(&self.header)
    }

    /// The claims, of a token whose signature holds.
    pub(super) fn claims(&self) -> Result<Claims<'_>, InvalidToken> {
        object(&self.claims)
    }
}

/// Reads a JSON object. Its values in an array, which serde takes for one too, are none.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, InvalidToken> {
    let is_one = json.trim_ascii_start().starts_with(b"{");
    let read = is_one.then(|| serde_json::from_slice(json).ok()).flatten();
    read.ok_or(InvalidToken::Malformed)
}

/// The text that is signed.
pub(super) fn unsigned(header: &Header<'_>, claims: &Claims<'_>) -> String {
    let mut text = String::with_capacity(512);
    push(&mut text, &json(header));
    text.push('.');
    push(&mut text, &json(claims));
    text
}

/// Adds the signature.
pub(super) fn sign(text: &mut String, signature: &Signature) {
    text.push('.');
    push(text, &signature.0);
}

fn push(text: &mut String, bytes: &[u8]) {
    BASE64.encode_string(bytes, text);
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|error| unreachable!("texts and numbers: {error}"))
}

/// 128 random bits as 32 digits.
pub(super) fn new_id() -> String {
    let mut id = String::with_capacity(32);
    // Writing to a `String` can't fail.
    let _ = write!(id, "{:032x}", rand::random::<u128>());
    id
}
