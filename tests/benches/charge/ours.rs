use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Idem, Token, idempotent};

use super::{Guard, Receipt, body};

/// The library, as people use it.
#[derive(Debug, Clone)]
pub(crate) struct Ours(pub(crate) Idem);

impl Ours {
    #[idempotent(key = "charge:{order}", strategy = "setnx", engine = self.0)]
    async fn guarded(&self, order: u64) -> Result<Receipt, Error> {
        Ok(body(order).await)
    }
}

impl Guard for Ours {
    async fn charge(&self, order: u64) -> Receipt {
        self.guarded(order).await.expect("nobody else has the key")
    }
}

/// The same, counted.
#[derive(Debug, Clone)]
pub(crate) struct OursCounted(pub(crate) Idem);

impl OursCounted {
    #[idempotent(key = "counted:{order}", strategy = "count", engine = self.0)]
    async fn guarded(&self, order: u64) -> Result<Receipt, Error> {
        Ok(body(order).await)
    }
}

impl Guard for OursCounted {
    async fn charge(&self, order: u64) -> Receipt {
        self.guarded(order).await.expect("nobody else has the key")
    }
}

pub(crate) const TOKEN_SECRET: [u8; 32] = [7; 32];

/// The same by a token, issued as the order is charged.
#[derive(Debug, Clone)]
pub(crate) struct OursToken {
    idem: Idem,
    /// Of the orders from 0 on; others get theirs as they are charged.
    issued: Arc<[Token]>,
}

impl OursToken {
    pub(crate) fn new(idem: Idem, issued: u64) -> Self {
        let issued = (0..issued).map(|order| issue(&idem, order)).collect();
        Self { idem, issued }
    }

    #[idempotent(key = "token:{order}", strategy = "token", token = token, engine = self.idem)]
    async fn guarded(&self, order: u64, token: &Token) -> Result<Receipt, Error> {
        Ok(body(order).await)
    }
}

fn issue(idem: &Idem, order: u64) -> Token {
    let life = Duration::from_mins(15);
    idem.issue_token(&idem::key!("token:{order}"), life).expect("there is a secret")
}

impl Guard for OursToken {
    async fn charge(&self, order: u64) -> Receipt {
        let issued = usize::try_from(order).ok().and_then(|order| self.issued.get(order));
        let answer = match issued {
            Some(token) => self.guarded(order, token).await,
            None => self.guarded(order, &issue(&self.idem, order)).await,
        };
        answer.expect("nobody else has the token")
    }
}

/// The same in a database.
#[derive(Debug, Clone)]
pub(crate) struct Durable(pub(crate) Idem);

impl Durable {
    #[idempotent(key = "charge:{order}", strategy = "db", engine = self.0)]
    async fn guarded(&self, order: u64) -> Result<Receipt, Error> {
        Ok(body(order).await)
    }
}

impl Guard for Durable {
    async fn charge(&self, order: u64) -> Receipt {
        self.guarded(order).await.expect("nobody else has the key")
    }
}
