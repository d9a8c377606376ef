//! A stream and a database of a test's own, and who works on them.

use std::sync::atomic::{AtomicUsize, Ordering};

use kit::process::Process;
use kit::proxy::{Caught, Proxy};
use kit::redis::{Client, Flavour, Server};
use redis::streams::{StreamInfoGroup, StreamInfoGroupsReply};

use crate::brokers::SOON;
use crate::brokers::database::Database;
use crate::brokers::process::run;

/// A stream and a database.
pub(crate) struct Stand {
    pub(crate) database: Database,
    pub(crate) redis: Client,
    pub(crate) stream: String,
    broker: String,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        Self::on(Self::server(), Database::new().await).await
    }

    /// One on this server.
    pub(crate) async fn on(server: &Server, database: Database) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let stream = format!("orders-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { database, redis: server.client().await, stream, broker: server.url() }
    }

    pub(crate) fn server() -> &'static Server {
        Server::shared(Flavour::Redis)
    }

    /// A consumer, working.
    pub(crate) async fn consumer(&self) -> Process {
        self.consumer_by_way_of(&self.broker, &self.database.url()).await
    }

    /// The same, through proxies.
    pub(crate) async fn consumer_by_way_of(&self, broker: &str, database: &str) -> Process {
        let mut consumer = self.run(broker, database, &[]);
        consumer.line_with("waiting for messages", SOON).await;
        consumer
    }

    /// A consumer of the message `m-1` whose commit is kept back, and by which proxy.
    pub(crate) async fn at_its_commit(&self) -> (Process, Proxy, Caught) {
        let proxy = Proxy::start(Database::server().address()).await;
        let database = self.database.url_by_way_of(proxy.address());
        let (consumer, caught) = self.held(&proxy, "COMMIT", &self.broker, &database).await;
        (consumer, proxy, caught)
    }

    /// The same with its acknowledgement.
    pub(crate) async fn at_its_acknowledgement(&self) -> (Process, Proxy, Caught) {
        let proxy = Proxy::start(Self::server().address()).await;
        let broker = Self::server().url_by_way_of(proxy.address());
        let (consumer, caught) = self.held(&proxy, "XACK", &broker, &self.database.url()).await;
        (consumer, proxy, caught)
    }

    async fn held(
        &self,
        proxy: &Proxy,
        request: &str,
        broker: &str,
        database: &str,
    ) -> (Process, Caught) {
        let consumer = self.consumer_by_way_of(broker, database).await;
        let held = proxy.hold_request(request);
        self.send("m-1", "1200").await;
        (consumer, held.caught().await)
    }

    /// Has the example send a message.
    pub(crate) async fn send(&self, id: &str, cents: &str) {
        let more = ["send", id, cents];
        let mut producer = self.run(&self.broker, &self.database.url(), &more);
        assert_eq!(producer.exit_status(SOON).await, 0);
    }

    fn run(&self, broker: &str, database: &str, more: &[&str]) -> Process {
        let options = ["--broker", broker, "--database", database, "--stream", &self.stream];
        run(env!("CARGO_BIN_EXE_streams"), &[&options, more].concat())
    }

    /// Waits until every message is delivered and acknowledged.
    pub(crate) async fn settled(&mut self) {
        kit::wait_for("every message to be acknowledged", SOON, async || {
            let group = self.group().await;
            (group.lag, group.pending) == (Some(0), 0)
        })
        .await;
    }

    /// How many messages were delivered and are not acknowledged.
    pub(crate) async fn pending(&mut self) -> usize {
        self.group().await.pending
    }

    async fn group(&mut self) -> StreamInfoGroup {
        let words = ["XINFO", "GROUPS", &self.stream];
        let mut groups = self.redis.run::<StreamInfoGroupsReply>(&words).await.groups;
        groups.pop().expect("a consumer made it")
    }

    pub(crate) async fn bookings(&self) -> i64 {
        self.database.rows("bookings").await
    }
}
