//! The stream: what is new, what others left, and what is put aside.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimOptions, StreamId, StreamReadOptions};
use redis::{AsyncCommands as _, AsyncConnectionConfig, RedisResult};

const GROUP: &str = "bookers";
/// How long a message is unanswered before another consumer takes it, in milliseconds.
///
/// A handler may take longer: the other is told that the message is in flight, and leaves it.
const LEFT_AFTER: u64 = 2000;
/// How long to wait for what is new before a look at what others left, in milliseconds.
const BLOCK: usize = 500;
/// Longer than an answer takes that has to wait.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An entry of the stream.
pub(crate) struct Message {
    entry: String,
    /// The producer's: what it sends twice is two entries with one id. Empty where it sent none.
    pub(crate) id: String,
    pub(crate) cents: String,
}

/// A consumer's place in the group.
pub(crate) struct Stream {
    connection: MultiplexedConnection,
    name: String,
    consumer: String,
    /// How far the look at what others left has come.
    cursor: String,
}

impl Stream {
    pub(crate) async fn open(url: &str, name: &str) -> RedisResult<Self> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(TIMEOUT));
        let client = redis::Client::open(url)?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let made: RedisResult<()> = connection.xgroup_create_mkstream(name, GROUP, "0").await;
        match made {
            Err(error) if error.code() != Some("BUSYGROUP") => return Err(error),
            _ => {} // made, now or before
        }
        let consumer = format!("consumer-{}", std::process::id());
        Ok(Self { connection, name: name.to_owned(), consumer, cursor: "0-0".to_owned() })
    }

    pub(crate) async fn send(&mut self, id: &str, cents: i64) -> RedisResult<()> {
        let fields = [("id", id.to_owned()), ("cents", cents.to_string())];
        self.connection.xadd(&self.name, "*", &fields).await
    }

    /// What somebody has left unanswered, else what is new, else nothing in a while.
    pub(crate) async fn next(&mut self) -> RedisResult<Option<Message>> {
        let (name, consumer) = (&self.name, &self.consumer);
        let one = StreamAutoClaimOptions::default().count(1);
        let left = self.connection.xautoclaim_options(
            name,
            GROUP,
            consumer,
            LEFT_AFTER,
            &self.cursor,
            one,
        );
        let left: redis::streams::StreamAutoClaimReply = left.await?;
        self.cursor = left.next_stream_id;
        if let Some(entry) = left.claimed.into_iter().next() {
            return Ok(Some(Message::of(entry)));
        }
        let one = StreamReadOptions::default().group(GROUP, consumer).count(1).block(BLOCK);
        let new: Option<redis::streams::StreamReadReply> =
            self.connection.xread_options(&[name], &[">"], &one).await?;
        let new = new.into_iter().flat_map(|new| new.keys).flat_map(|stream| stream.ids).next();
        Ok(new.map(Message::of))
    }

    pub(crate) async fn acknowledge(&mut self, message: &Message) -> RedisResult<()> {
        self.connection.xack(&self.name, GROUP, &[&message.entry]).await
    }

    /// Takes a message out of the group for good, with the reason, for a person to look at.
    pub(crate) async fn put_aside(&mut self, message: &Message, reason: &str) -> RedisResult<()> {
        let dead = format!("{}.dead", self.name);
        let Message { entry, id, cents } = message;
        let fields = [("id", &**id), ("cents", cents), ("reason", reason)];
        let mut both = redis::pipe();
        both.atomic().xadd(dead, "*", &fields).ignore().xack(&self.name, GROUP, &[entry]).ignore();
        both.query_async(&mut self.connection).await
    }
}

impl Message {
    fn of(entry: StreamId) -> Self {
        let field = |name| entry.get(name).unwrap_or_default();
        Self { id: field("id"), cents: field("cents"), entry: entry.id }
    }
}
