use redis::Script;
use redis::aio::MultiplexedConnection;
use std::sync::Arc;

use super::by_hand::{CLAIM, LEASE_MS, RETENTION_MS, completion};
use super::{Guard, Receipt, body};

/// What one writes with redis-rs to charge at most once, crashes included: a script that counts
/// beside the claim, and a completion that checks the owner. No renewal, no fingerprint, no fence, no
/// checksum, no retry; a counter has a key of its own, so a cluster can't hold it.
#[derive(Clone)]
pub(crate) struct ByHandCounted {
    connection: MultiplexedConnection,
    claim: Arc<Script>,
    complete: Arc<Script>,
}

const LIMIT: u32 = 1;

impl ByHandCounted {
    pub(crate) async fn connect(url: &str) -> Self {
        let client = redis::Client::open(url).expect("a url of a Redis server");
        let connection = client.get_multiplexed_async_connection().await.expect("it answers");
        let claim = Script::new(
            "local found = redis.call('GET', KEYS[1])
             if found then
               return found
             end
             local attempts = redis.call('INCR', KEYS[2])
             if attempts == 1 then
               redis.call('PEXPIRE', KEYS[2], ARGV[3])
             end
             if attempts > tonumber(ARGV[4]) then
               return redis.error_reply('exhausted')
             end
             redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
             return false",
        );
        Self { connection, claim: Arc::new(claim), complete: Arc::new(completion()) }
    }
}

impl Guard for ByHandCounted {
    async fn charge(&self, order: u64) -> Receipt {
        let mut connection = self.connection.clone();
        let key = format!("counted:charge:{order}");
        let owner = format!("{CLAIM}{:032x}", rand::random::<u128>());
        let mut claim = self.claim.key(&key);
        claim.key(format!("counted:attempts:{order}")).arg(&owner);
        claim.arg(LEASE_MS).arg(RETENTION_MS).arg(LIMIT);
        let found: Option<Vec<u8>> = claim.invoke_async(&mut connection).await.expect("it answers");
        if let Some(found) = found {
            assert!(!found.starts_with(CLAIM.as_bytes()), "nobody else has the key");
            return serde_json::from_slice(&found).expect("a receipt");
        }
        let receipt = body(order).await;
        let result = serde_json::to_vec(&receipt).expect("a receipt");
        let mut complete = self.complete.key(&key);
        complete.arg(&owner).arg(result).arg(RETENTION_MS);
        let stored: bool = complete.invoke_async(&mut connection).await.expect("it answers");
        assert!(stored, "the claim stands");
        receipt
    }
}
