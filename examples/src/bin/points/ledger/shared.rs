//! Points in a Redis that all instances share.

use std::io;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Cmd, FromRedisValue, RedisResult};
use tokio::time::timeout;

use super::{Account, Entry};
use crate::user::User;

/// How long anything may take: the engine's own `timeout`. An `add` that was given up may have happened.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Who may not ask any more.
const REVOKED: &str = "points:revoked";

#[derive(Clone)]
pub(crate) struct Shared(ConnectionManager);

impl Shared {
    pub(super) async fn connect(url: &str) -> RedisResult<Self> {
        // Each request tries to connect for itself: pauses between tries would outlast it.
        let tries = ConnectionManagerConfig::new().set_number_of_retries(0);
        let client = redis::Client::open(url)?;
        ConnectionManager::new_with_config(client, tries).await.map(Self)
    }

    /// Sends it once more after a connection that has broken, which may have been while nobody used it. Each
    /// command is safe to send twice: `add` takes an entry once.
    async fn ask<T: FromRedisValue>(&self, command: Cmd) -> RedisResult<T> {
        let twice = async {
            match command.query_async(&mut self.0.clone()).await {
                Err(error) if error.is_connection_dropped() => {
                    command.query_async(&mut self.0.clone()).await
                }
                answer => answer,
            }
        };
        timeout(TIMEOUT, twice).await.map_err(io::Error::from)?
    }

    pub(super) async fn add(
        &self,
        id: &str,
        user: &User,
        account: &Account,
        points: u32,
    ) -> RedisResult<u64> {
        let mut add = redis::cmd("EVAL");
        add.arg(include_str!("add.lua")).arg(2).arg(entry(id)).arg(balance(account));
        add.arg(&user.0).arg(&account.0).arg(points);
        self.ask(add).await
    }

    pub(super) async fn entry(&self, id: &str) -> RedisResult<Option<Entry>> {
        let fields = ["user", "account", "points", "balance"];
        // All of them, or none.
        let (Some(user), Some(account), Some(points), Some(balance)) =
            self.ask(Cmd::hmget(entry(id), &fields)).await?
        else {
            return Ok(None);
        };
        Ok(Some(Entry { user: User(user), account: Account(account), points, balance }))
    }

    pub(super) async fn balance(&self, account: &Account) -> RedisResult<u64> {
        let points: Option<u64> = self.ask(Cmd::get(balance(account))).await?;
        Ok(points.unwrap_or(0))
    }

    pub(super) async fn revoke(&self, user: &User) -> RedisResult<()> {
        self.ask(Cmd::sadd(REVOKED, &user.0)).await
    }

    pub(super) async fn has_access(&self, user: &User) -> RedisResult<bool> {
        let revoked: bool = self.ask(Cmd::sismember(REVOKED, &user.0)).await?;
        Ok(!revoked)
    }
}

fn entry(id: &str) -> String {
    format!("points:entry:{id}")
}

fn balance(account: &Account) -> String {
    format!("points:balance:{}", account.0)
}
