//! The queue, and the two beside it.
//!
//! ```text
//! orders ── nack ──► orders.retry ── after a second ──► orders
//!    └──── put aside ──► orders.dead, with the reason
//! ```

use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection};

/// How long a message waits before it comes again, in milliseconds.
///
/// The same for all: a queue lets go of its messages in order, so one with a time of its own would
/// keep those behind it. While another attempt runs, its result is found within this time of its end.
const PAUSE_MS: i32 = 1000;
/// The delivery mode of what outlives a restart of the broker.
const PERSISTENT: u8 = 2;

/// Their names.
#[derive(Debug, Clone)]
pub(crate) struct Queues {
    pub(crate) work: ShortString,
    pub(crate) retry: ShortString,
    pub(crate) dead: ShortString,
}

impl Queues {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            work: name.into(),
            retry: format!("{name}.retry").into(),
            dead: format!("{name}.dead").into(),
        }
    }

    /// A channel on which the queues are there, and what is sent is confirmed.
    pub(crate) async fn open(&self, connection: &Connection) -> lapin::Result<Channel> {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let mut retry = refused_go_to(&self.work);
        retry.insert("x-message-ttl".into(), PAUSE_MS.into());
        let queues = [
            (&self.work, refused_go_to(&self.retry)),
            (&self.retry, retry),
            (&self.dead, FieldTable::default()),
        ];
        for (queue, arguments) in queues {
            channel.queue_declare(queue.clone(), QueueDeclareOptions::durable(), arguments).await?;
        }
        Ok(channel)
    }

    /// Sends a message.
    pub(crate) async fn send(&self, channel: &Channel, id: &str, body: &[u8]) -> lapin::Result<()> {
        let id = ShortString::try_new(id);
        let id = id.map_err(|error| std::io::Error::other(error.to_string()))?;
        let properties = BasicProperties::default().with_message_id(id);
        publish(channel, &self.work, body, properties).await
    }

    /// Takes a message out of the queue for good, with the reason, for a person to look at.
    pub(crate) async fn put_aside(
        &self,
        channel: &Channel,
        delivery: &Delivery,
        reason: &str,
    ) -> lapin::Result<bool> {
        let mut headers = delivery.properties.headers().clone().unwrap_or_default();
        headers.insert("reason".into(), AMQPValue::LongString(reason.into()));
        let properties = delivery.properties.clone().with_headers(headers);
        // First there, then gone here: a process that dies in between puts it aside twice.
        publish(channel, &self.dead, &delivery.data, properties).await?;
        delivery.ack(BasicAckOptions::default()).await
    }
}

/// The arguments of a queue whose messages, once refused or too old, go to another: there before they
/// are gone here. A classic queue has them nowhere in between, and a broker that is killed loses them.
fn refused_go_to(queue: &ShortString) -> FieldTable {
    let words = [
        ("x-queue-type", "quorum"),
        ("x-dead-letter-strategy", "at-least-once"),
        ("x-overflow", "reject-publish"), // which that strategy asks for
        ("x-dead-letter-exchange", ""),
        ("x-dead-letter-routing-key", queue.as_str()),
    ];
    let mut arguments = FieldTable::default();
    for (name, word) in words {
        arguments.insert(name.into(), AMQPValue::LongString(word.into()));
    }
    arguments
}

/// Sends a message to a queue, and returns when the broker has it.
async fn publish(
    channel: &Channel,
    queue: &ShortString,
    body: &[u8],
    properties: BasicProperties,
) -> lapin::Result<()> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = properties.with_delivery_mode(PERSISTENT);
    let sent = channel.basic_publish("".into(), queue.clone(), options, body, properties).await?;
    match sent.await? {
        Confirmation::Ack(None) => Ok(()),
        other => Err(std::io::Error::other(format!("{queue} did not take it: {other:?}")).into()),
    }
}
