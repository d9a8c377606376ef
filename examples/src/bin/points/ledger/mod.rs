//! Who has how many points: in Redis where instances share them, else in memory.

mod books;
mod shared;

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::user::User;
use books::Books;
use shared::Shared;

/// An account's name: 1 to 100 characters.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
#[serde(try_from = "String")]
pub(crate) struct Account(String);

impl TryFrom<String> for Account {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let legal = (1..=100).contains(&name.chars().count());
        if legal { Ok(Self(name)) } else { Err("an account's name has 1 to 100 characters") }
    }
}

/// Points that were added.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) user: User,
    pub(crate) account: Account,
    pub(crate) points: u32,
    /// What the account had after it.
    pub(crate) balance: u64,
}

/// Adds points by entries, and takes an entry's id once.
#[derive(Clone)]
pub(crate) enum Ledger {
    Memory(Arc<Mutex<Books>>),
    Redis(Shared),
}

impl Ledger {
    pub(crate) fn in_memory() -> Self {
        Self::Memory(Arc::default())
    }

    pub(crate) async fn in_redis(url: &str) -> redis::RedisResult<Self> {
        Shared::connect(url).await.map(Self::Redis)
    }

    /// Adds points, unless there is an entry of this id. Returns what the account had after the entry.
    pub(crate) async fn add(
        &self,
        id: &str,
        user: &User,
        account: &Account,
        points: u32,
    ) -> Result<u64, Unavailable> {
        match self {
            Self::Memory(books) => Ok(open(books).add(id, user, account, points)),
            Self::Redis(shared) => Ok(shared.add(id, user, account, points).await?),
        }
    }

    pub(crate) async fn entry(&self, id: &str) -> Result<Option<Entry>, Unavailable> {
        match self {
            Self::Memory(books) => Ok(open(books).entry(id)),
            Self::Redis(shared) => Ok(shared.entry(id).await?),
        }
    }

    pub(crate) async fn balance(&self, account: &Account) -> Result<u64, Unavailable> {
        match self {
            Self::Memory(books) => Ok(open(books).balance(account)),
            Self::Redis(shared) => Ok(shared.balance(account).await?),
        }
    }

    pub(crate) async fn revoke(&self, user: &User) -> Result<(), Unavailable> {
        match self {
            Self::Memory(books) => open(books).revoke(user),
            Self::Redis(shared) => shared.revoke(user).await?,
        }
        Ok(())
    }

    pub(crate) async fn has_access(&self, user: &User) -> Result<bool, Unavailable> {
        match self {
            Self::Memory(books) => Ok(open(books).has_access(user)),
            Self::Redis(shared) => Ok(shared.has_access(user).await?),
        }
    }
}

fn open(books: &Mutex<Books>) -> std::sync::MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ledger did not answer. Whether it has added anything is unknown, and asking again is safe: the
/// id is the same.
#[derive(Debug)]
pub(crate) struct Unavailable(redis::RedisError);

impl From<redis::RedisError> for Unavailable {
    fn from(error: redis::RedisError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        eprintln!("points: the ledger: {}", self.0);
        let problem = serde_json::json!({
            "type": "about:blank",
            "title": "The ledger does not answer",
            "status": 503,
            "detail": "Whether points were added is unknown. Ask again, with the same key.",
        });
        let headers =
            [(header::CONTENT_TYPE, "application/problem+json"), (header::RETRY_AFTER, "1")];
        (StatusCode::SERVICE_UNAVAILABLE, headers, problem.to_string()).into_response()
    }
}
