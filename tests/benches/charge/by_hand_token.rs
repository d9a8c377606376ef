use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::ours::TOKEN_SECRET;
use super::{ByHand, Guard, Receipt};

/// What one writes: a JWT by HMAC whose claims are checked, and then the claim of its id as any
/// other. One key, one algorithm, no leeway.
#[derive(Clone)]
pub(crate) struct ByHandToken {
    claims: ByHand,
    mac: Hmac<Sha256>,
    /// Of the orders from 0 on; others get theirs as they are charged.
    issued: Arc<[String]>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: String,
    jti: String,
    iat: u64,
    exp: u64,
}

const LIFE: u64 = 900;

impl ByHandToken {
    pub(crate) fn new(claims: ByHand, issued: u64) -> Self {
        let mac = Hmac::new_from_slice(&TOKEN_SECRET).expect("a key of any length");
        let empty = Self { claims, mac, issued: Arc::default() };
        Self { issued: (0..issued).map(|order| empty.issue(order)).collect(), ..empty }
    }

    fn issue(&self, order: u64) -> String {
        let claims = Claims {
            aud: "token".to_owned(),
            sub: format!("token:{order}"),
            jti: format!("{:032x}", rand::random::<u128>()),
            iat: now(),
            exp: now() + LIFE,
        };
        let claims = serde_json::to_vec(&claims).expect("texts and numbers");
        let mut token = BASE64.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        token.push('.');
        BASE64.encode_string(claims, &mut token);
        let signature = self.mac.clone().chain_update(&token).finalize().into_bytes();
        token.push('.');
        BASE64.encode_string(signature, &mut token);
        token
    }

    /// The id of a token that is good for this order now.
    fn verify(&self, token: &str, order: u64) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        self.mac.clone().chain_update(signed).verify_slice(&signature).ok()?;
        let claims = BASE64.decode(signed.split_once('.')?.1).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        let holds = claims.aud == "token"
            && claims.sub == format!("token:{order}")
            && (claims.iat..claims.exp).contains(&now());
        holds.then_some(claims.jti)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

impl Guard for ByHandToken {
    async fn charge(&self, order: u64) -> Receipt {
        let issued = usize::try_from(order).ok().and_then(|order| self.issued.get(order));
        let id = match issued {
            Some(token) => self.verify(token, order),
            None => self.verify(&self.issue(order), order),
        };
        self.claims.guarded(id.expect("a token that was issued just now"), order).await
    }
}
