//! The loop: handle a message, then acknowledge it, let it come again, or put it aside.

use std::io;
use std::pin::pin;

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::task::{JoinHandle, JoinSet};
use tokio_stream::StreamExt as _;

use super::charge::Problem;
use super::queues::Queues;

/// How many messages are handled at once. Unlimited, a consumer would be handed the whole queue.
const AT_ONCE: u16 = 16;

/// What a handler gets.
#[derive(Debug)]
pub(crate) struct Message {
    /// The producer's, the same when it sends twice. Empty where it sent none.
    pub(crate) id: String,
    pub(crate) body: Vec<u8>,
}

/// Handles messages until it is told to stop or the connection is lost; those that it has begun, to
/// their end.
pub(crate) async fn consume<H, F>(
    channel: &Channel,
    queues: &Queues,
    handle: H,
    stop: impl Future<Output = ()>,
) -> lapin::Result<()>
where
    H: Fn(Message) -> F,
    F: Future<Output = Result<(), Problem>> + Send + 'static,
{
    channel.basic_qos(AT_ONCE, BasicQosOptions::default()).await?;
    let mut deliveries = subscribe(channel, queues).await?;
    let mut stop = pin!(stop);
    let mut begun = JoinSet::new();
    let ended = loop {
        let delivery = tokio::select! {
            () = &mut stop => break Ok(()),
            next = deliveries.next() => match next {
                Some(Ok(delivery)) => delivery,
                Some(Err(lost)) => break Err(lost),
                // Its queue was deleted, say: the next connection makes it again.
                None => break Err(io::Error::other("the broker has cancelled the consumer").into()),
            },
        };
        let id = delivery.properties.message_id().as_ref().map_or("", |id| id.as_str());
        let message = Message { id: id.to_owned(), body: delivery.data.clone() };
        // In a task of its own, so that a panic ends it and nothing else.
        let handled = tokio::spawn(handle(message));
        begun.spawn(answer(handled, delivery, channel.clone(), queues.clone()));
        while begun.try_join_next().is_some() {}
    };
    drop(deliveries); // no more of them
    begun.join_all().await;
    ended
}

async fn subscribe(channel: &Channel, queues: &Queues) -> lapin::Result<Consumer> {
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    channel.basic_consume(queues.work.clone(), "".into(), options, arguments).await
}

/// Tells the broker what to do with a message, once it is handled.
async fn answer(
    handled: JoinHandle<Result<(), Problem>>,
    delivery: Delivery,
    channel: Channel,
    queues: Queues,
) {
    let problem = match handled.await {
        Ok(answer) => answer.err(),
        Err(_) => Some(Problem::Panicked),
    };
    let told = match problem.as_ref().map_or(idem::Delivery::Ack, Problem::delivery) {
        idem::Delivery::Ack => delivery.ack(BasicAckOptions::default()).await,
        // Refused, and so on its way to where it waits; not back to the head of its queue.
        idem::Delivery::Requeue { .. } => delivery.nack(BasicNackOptions::default()).await,
        _ => {
            let reason = problem.map(|problem| problem.to_string()).unwrap_or_default();
            queues.put_aside(&channel, &delivery, &reason).await
        }
    };
    // What is not answered comes again, to whoever is there, and then the record answers it.
    if !matches!(told, Ok(true)) {
        eprintln!("rabbit: a message comes again: {told:?}");
        let _ = delivery.nack(BasicNackOptions::default()).await; // it could not be put aside
    }
}
