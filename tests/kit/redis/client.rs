use std::time::Duration;

use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisResult, aio::MultiplexedConnection};

use super::CommandStats;
use crate::wait_for;

/// A connection that looks at a server behind the library's back.
///
/// Of the runtime in which it was made. What it is asked for and the server refuses panics, but
/// for [`try_run`](Self::try_run).
#[derive(Clone, Debug)]
pub struct Client {
    connection: MultiplexedConnection,
}

impl Client {
    /// Connects to a server, or by way of a proxy.
    ///
    /// # Panics
    ///
    /// When the server doesn't take the connection.
    pub async fn connect(url: &str) -> Self {
        let client = redis::Client::open(url).expect("a url of a Redis server");
        // Longer than any pause that a test makes, and no test hangs for good.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(20)))
            .set_response_timeout(Some(Duration::from_secs(20)));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connection.unwrap_or_else(|error| panic!("{url}: {error}"));
        Self { connection }
    }

    /// Runs a command, given as its words, for its answer.
    ///
    /// # Panics
    ///
    /// When the server refuses it, or the answer is not of type `T`.
    pub async fn run<T: FromRedisValue>(&mut self, words: &[impl AsRef<[u8]>]) -> T {
        let answer = self.try_run(words).await;
        answer.unwrap_or_else(|error| {
            let words: Vec<_> = words.iter().map(|w| String::from_utf8_lossy(w.as_ref())).collect();
            panic!("{}: {error}", words.join(" "))
        })
    }

    /// Runs a command, for its answer or the server's error.
    ///
    /// # Errors
    ///
    /// What the server or the connection says.
    pub async fn try_run<T: FromRedisValue>(
        &mut self,
        words: &[impl AsRef<[u8]>],
    ) -> RedisResult<T> {
        let mut command = Cmd::new();
        for word in words {
            command.arg(word.as_ref());
        }
        command.query_async(&mut self.connection).await
    }

    /// The keys that match a pattern such as `"idem:*"`, in order.
    pub async fn keys(&mut self, pattern: &str) -> Vec<String> {
        let mut keys: Vec<String> = self.run(&["KEYS", pattern]).await;
        keys.sort();
        keys
    }

    /// Removes every key.
    pub async fn flushall(&mut self) {
        self.run::<()>(&["FLUSHALL"]).await;
    }

    /// Makes the server forget every script, as a restart does: the next `EVALSHA` is refused.
    pub async fn script_flush(&mut self) {
        self.run::<()>(&["SCRIPT", "FLUSH"]).await;
    }

    /// Changes a line of the server's configuration.
    pub async fn config_set(&mut self, name: &str, value: &str) {
        self.run::<()>(&["CONFIG", "SET", name, value]).await;
    }

    /// Waits until a replica has all that its primary had.
    pub async fn wait_until_replicating(&mut self) {
        wait_for("the replica's link to its primary", Duration::from_secs(20), async || {
            let info: String = self.run(&["INFO", "replication"]).await;
            info.contains("master_link_status:up")
        })
        .await;
    }

    /// How often the server was asked for each command, since it started.
    pub async fn command_stats(&mut self) -> CommandStats {
        CommandStats::parse(&self.run::<String>(&["INFO", "commandstats"]).await)
    }

    /// What the server was asked for while `work` ran, by anybody: on a server of one's own.
    pub async fn command_stats_of<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> (T, CommandStats) {
        let before = self.command_stats().await;
        let value = work.await;
        (value, self.command_stats().await.since(&before))
    }
}
