use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};
use std::fmt::Display;
use std::sync::Arc;

use super::{Guard, Receipt, body};

pub(super) const LEASE_MS: u64 = 30_000;
pub(super) const RETENTION_MS: u64 = 24 * 60 * 60 * 1000;
/// What a running claim begins with, and no result does.
pub(super) const CLAIM: &str = "claim ";

/// What one writes with redis-rs: a claim by `SET … NX GET`, whose reply brings a duplicate its
/// result, and a completion that checks the owner. No renewal, no fingerprint, no fence, no
/// checksum, no retry.
#[derive(Clone)]
pub(crate) struct ByHand {
    connection: MultiplexedConnection,
    completion: Completion,
}

/// How the owner is checked.
#[derive(Clone)]
pub(crate) enum Completion {
    /// By a script, as everybody does.
    Lua(Arc<Script>),
    /// By `SET … IFEQ`, where the server knows it.
    IfEq,
}

impl Completion {
    /// Keys of its own, or one contender's fresh calls would be another's duplicates.
    fn prefix(&self) -> &'static str {
        match self {
            Self::Lua(_) => "hand",
            Self::IfEq => "ifeq",
        }
    }

    pub(crate) fn lua() -> Self {
        Self::Lua(Arc::new(completion()))
    }
}

/// Completes if the owner is still the same.
pub(super) fn completion() -> Script {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then
           redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
           return 1
         end
         return 0",
    )
}

impl ByHand {
    pub(crate) async fn connect(url: &str, completion: Completion) -> Self {
        let client = redis::Client::open(url).expect("a url of a Redis server");
        let connection = client.get_multiplexed_async_connection().await.expect("it answers");
        Self { connection, completion }
    }

    /// The name of a charge in the store.
    pub(super) fn key(&self, name: impl Display) -> String {
        format!("{}:charge:{name}", self.completion.prefix())
    }

    /// Whoever claims now.
    pub(super) fn owner() -> String {
        format!("{CLAIM}{:032x}", rand::random::<u128>())
    }

    /// Claims a key; what stands there, if it is taken.
    pub(super) async fn claim(&self, key: &str, owner: &str) -> RedisResult<Option<Vec<u8>>> {
        let mut set = redis::cmd("SET");
        set.arg(key).arg(owner).arg("NX").arg("GET").arg("PX").arg(LEASE_MS);
        set.query_async(&mut self.connection.clone()).await
    }

    pub(super) async fn complete(
        &self,
        key: &str,
        owner: &str,
        result: &[u8],
    ) -> RedisResult<bool> {
        let mut connection = self.connection.clone();
        match &self.completion {
            Completion::Lua(script) => {
                let mut call = script.key(key);
                call.arg(owner).arg(result).arg(RETENTION_MS).invoke_async(&mut connection).await
            }
            Completion::IfEq => {
                let mut set = redis::cmd("SET");
                set.arg(key).arg(result).arg("IFEQ").arg(owner).arg("PX").arg(RETENTION_MS);
                set.query_async(&mut connection).await
            }
        }
    }
}

impl ByHand {
    /// Charges an order once under this name.
    pub(super) async fn guarded(&self, name: impl Display, order: u64) -> Receipt {
        let (key, owner) = (self.key(name), Self::owner());
        let found = self.claim(&key, &owner).await.expect("it answers");
        if let Some(found) = found {
            assert!(!found.starts_with(CLAIM.as_bytes()), "nobody else has the key");
            return serde_json::from_slice(&found).expect("a receipt");
        }
        let receipt = body(order).await;
        let result = serde_json::to_vec(&receipt).expect("a receipt");
        let stored = self.complete(&key, &owner, &result).await.expect("it answers");
        assert!(stored, "the claim stands");
        receipt
    }
}

impl Guard for ByHand {
    async fn charge(&self, order: u64) -> Receipt {
        self.guarded(order, order).await
    }
}
