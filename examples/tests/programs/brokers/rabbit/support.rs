//! A queue of a test's own, its producer and its consumers, and what is left in it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Idem, Outcome, idempotent, with_outcome};
use kit::ledger::Ledger;
use kit::place::Place;
use kit::rabbit::Server;
use lapin::options::{
    BasicGetOptions, BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::brokers::SOON;
use crate::charge::Problem;
use crate::consumer::{Message, consume};
use crate::queues::Queues;

/// The bytes of an acknowledgement: class 60, method 80.
pub(crate) const ACK: [u8; 4] = [0, 60, 0, 80];

/// A queue, and who looks at it from outside.
pub(crate) struct Broker {
    pub(crate) queues: Queues,
    channel: Channel,
    _connection: Connection,
}

/// What was put aside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeadLetter {
    pub(crate) id: String,
    pub(crate) reason: String,
}

impl Broker {
    pub(crate) async fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let queues = Queues::named(&format!("orders-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        Self::of(queues, Server::shared().address()).await
    }

    /// These, of the node at `address`.
    pub(crate) async fn of(queues: Queues, address: SocketAddr) -> Self {
        let connection = connect(address).await.unwrap();
        let channel = queues.open(&connection).await.unwrap();
        Self { queues, channel, _connection: connection }
    }

    /// Sends a message, and returns when the broker has it.
    pub(crate) async fn send(&self, id: &str, body: &str) {
        self.queues.send(&self.channel, id, body.as_bytes()).await.unwrap();
    }

    /// Deletes the queue.
    pub(crate) async fn delete(&self) {
        let (queue, options) = (self.queues.work.clone(), QueueDeleteOptions::default());
        self.channel.queue_delete(queue, options).await.unwrap();
    }

    /// Sends a message that nothing tells from another.
    pub(crate) async fn send_without_id(&self, body: &str) {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let (queue, body) = (self.queues.work.clone(), body.as_bytes());
        let sent = self.channel.basic_publish("".into(), queue, options, body, properties).await;
        sent.unwrap().await.unwrap();
    }

    /// Starts a consumer with a connection of its own.
    pub(crate) async fn consumer<F>(
        &self,
        handle: impl Fn(Message) -> F + Send + Sync + 'static,
    ) -> Consumer
    where
        F: Future<Output = Result<(), Problem>> + Send + 'static,
    {
        self.consumer_by_way_of(Server::shared().address(), handle).await
    }

    /// The same, through a proxy.
    pub(crate) async fn consumer_by_way_of<F>(
        &self,
        address: SocketAddr,
        handle: impl Fn(Message) -> F + Send + Sync + 'static,
    ) -> Consumer
    where
        F: Future<Output = Result<(), Problem>> + Send + 'static,
    {
        let connection = connect(address).await.unwrap();
        let queues = self.queues.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let channel = queues.open(&connection).await?;
            let stopped = async { drop(stopped.await) };
            consume(&channel, &queues, handle, stopped).await?;
            connection.close(200, "good bye".into()).await
        });
        Consumer { stop, task }
    }

    /// How many messages are ready in the queue, and in the one where they wait to come again.
    /// What a consumer has and hasn't answered is in neither.
    pub(crate) async fn ready(&self) -> [u32; 2] {
        [self.count(&self.queues.work).await, self.count(&self.queues.retry).await]
    }

    /// What was put aside, taken out.
    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut letters = Vec::new();
        let options = BasicGetOptions { no_ack: true };
        while let Some(letter) =
            self.channel.basic_get(self.queues.dead.clone(), options).await.unwrap()
        {
            let properties = &letter.properties;
            let id = properties.message_id().as_ref().map_or("", ShortString::as_str).to_owned();
            let headers = properties.headers().clone().unwrap_or_default();
            let Some(AMQPValue::LongString(reason)) = headers.inner().get("reason") else {
                panic!("a dead letter without a reason: {letter:?}")
            };
            letters.push(DeadLetter { id, reason: reason.to_string() });
        }
        letters
    }

    async fn count(&self, queue: &ShortString) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = self.channel.queue_declare(queue.clone(), passive, FieldTable::default()).await;
        queue.unwrap().message_count()
    }
}

pub(crate) async fn connect(address: SocketAddr) -> lapin::Result<Connection> {
    let url = Server::shared().url_by_way_of(address);
    Connection::connect(&url, ConnectionProperties::default()).await
}

/// The loop of the example, running.
pub(crate) struct Consumer {
    stop: oneshot::Sender<()>,
    task: JoinHandle<lapin::Result<()>>,
}

impl Consumer {
    /// Lets it finish what it has begun. What it hasn't answered is back in the queue then.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    /// Waits until it has noticed that its connection is gone, and has finished what it had begun.
    pub(crate) async fn lost(self) {
        self.task.await.unwrap().expect_err("its connection was cut");
    }
}

/// Where charges are made: an engine, and what it has come to.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) idem: Idem,
    pub(crate) place: Place,
    effects: Arc<Ledger>,
    answers: Arc<Ledger>,
}

impl Shop {
    /// One whose records are in Redis.
    pub(crate) async fn new() -> Self {
        let place = Place::redis();
        let idem = place.engine().await;
        Self { idem, place, effects: Arc::default(), answers: Arc::default() }
    }

    /// Charges somebody.
    pub(crate) fn charge(&self, id: &str) {
        self.effects.append(id, "charged");
    }

    /// How often somebody was charged.
    pub(crate) fn charges(&self, id: &str) -> usize {
        self.effects.count(id)
    }

    /// Makes a guarded call for a message, and notes how it was answered.
    pub(crate) async fn noted<T>(
        &self,
        id: &str,
        call: impl Future<Output = Result<T, Problem>>,
    ) -> Result<(), Problem> {
        let (answer, outcome) = with_outcome(call).await;
        self.answers.append(
            id,
            &match (&answer, outcome) {
                (Err(Problem::Idem(error)), Outcome::Refused) => error.code().to_owned(),
                (Err(_), _) => "failed".to_owned(),
                (Ok(_), Outcome::Ran { .. }) => "ran".to_owned(),
                (Ok(_), Outcome::Replayed { .. }) => "replayed".to_owned(),
                (Ok(_), other) => format!("{other:?}"),
            },
        );
        answer.map(drop)
    }

    /// How the deliveries of this message were answered, in order.
    pub(crate) fn answers(&self, id: &str) -> Vec<String> {
        self.answers.notes(id)
    }

    /// Waits until a delivery of this message was answered so.
    pub(crate) async fn answered(&self, id: &str, how: &str) {
        kit::wait_for(&format!("{id} to be {how}"), SOON, async || {
            self.answers(id).iter().any(|answer| answer == how)
        })
        .await;
    }
}

/// A charge like any: what comes of a delivery is then the broker's doing.
#[idempotent(key = "charge:{message.id}", strategy = "setnx", engine = shop.idem, fingerprint(message.body))]
async fn charge(shop: &Shop, message: &Message) -> Result<(), Problem> {
    shop.charge(&message.id);
    Ok(())
}

/// Makes it for a delivery.
pub(crate) async fn handle(shop: Shop, message: Message) -> Result<(), Problem> {
    shop.noted(&message.id, charge(&shop, &message)).await
}
