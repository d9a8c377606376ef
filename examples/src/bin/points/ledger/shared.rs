//! Points in a Redis that all instances share.

use std::sync::LazyLock;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, RedisResult, Script};

use super::{Account, Entry};
use crate::user::User;

/// How long an answer may take. An `add` that was given up may have happened.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Who may not ask any more.
const REVOKED: &str = "points:revoked";

#[derive(Clone)]
pub(crate) struct Shared(ConnectionManager);

impl Shared {
    pub(super) async fn connect(url: &str) -> RedisResult<Self> {
        let patience = ConnectionManagerConfig::new().set_response_timeout(Some(TIMEOUT));
        let client = redis::Client::open(url)?;
        ConnectionManager::new_with_config(client, patience).await.map(Self)
    }

    pub(super) async fn add(
        &self,
        id: &str,
        user: &User,
        account: &Account,
        points: u32,
    ) -> RedisResult<u64> {
        static ADD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("add.lua")));
        let mut call = ADD.key(entry(id));
        call.key(balance(account)).arg(&user.0).arg(&account.0).arg(points);
        call.invoke_async(&mut self.0.clone()).await
    }

    pub(super) async fn entry(&self, id: &str) -> RedisResult<Option<Entry>> {
        let fields = ["user", "account", "points", "balance"];
        let values = self.0.clone().hmget(entry(id), &fields).await?;
        // All of them, or none.
        let (Some(user), Some(account), Some(points), Some(balance)) = values else {
            return Ok(None);
        };
        Ok(Some(Entry { user: User(user), account: Account(account), points, balance }))
    }

    pub(super) async fn balance(&self, account: &Account) -> RedisResult<u64> {
        let balance: Option<u64> = self.0.clone().get(balance(account)).await?;
        Ok(balance.unwrap_or(0))
    }

    pub(super) async fn revoke(&self, user: &User) -> RedisResult<()> {
        self.0.clone().sadd(REVOKED, &user.0).await
    }

    pub(super) async fn has_access(&self, user: &User) -> RedisResult<bool> {
        let revoked: bool = self.0.clone().sismember(REVOKED, &user.0).await?;
        Ok(!revoked)
    }
}

fn entry(id: &str) -> String {
    format!("points:entry:{id}")
}

fn balance(account: &Account) -> String {
    format!("points:balance:{}", account.0)
}
