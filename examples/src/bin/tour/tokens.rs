use std::time::Duration;

use idem::{Idem, Token, TokenKey, idempotent};

use crate::charge::User;
use crate::gateway::{self, PayError, Receipt};

type Cents = u64;

#[rustfmt::skip]
pub async fn install() -> Result<Idem, Box<dyn std::error::Error + Send + Sync>> {
    let idem = idem::Idem::builder()
        .redis("redis://127.0.0.1/")
        .token_secret(std::fs::read("/run/secrets/idem-token")?) // 32 random bytes, the same in every process
        .build()
        .await?;
    Ok(idem)
}

#[rustfmt::skip]
pub async fn with_keys(seed: [u8; 32], secret: [u8; 32]) -> Result<Idem, idem::Error> {
    let keys = [
        TokenKey::ed25519("2026-11", &seed), // the first signs
        TokenKey::hs256("2026-05", secret),  // all verify what they have signed
    ];
    let idem = Idem::builder().memory().token_keys(keys).build().await?;
    Ok(idem)
}

/// With the page that shows the form.
pub fn form_token(idem: &Idem, user: &User) -> Result<Token, idem::Error> {
    idem.issue_token(&idem::key!("pay:{user.id}"), Duration::from_mins(15))
}

#[idempotent(strategy = "token", key = "pay:{user.id}", token = token, fingerprint(amount))]
pub async fn pay(user: &User, token: Token, amount: Cents) -> Result<Receipt, PayError> {
    gateway::charge(amount, idem::attempt().downstream_key("charge")).await
}
