//! A message whose effect, claim and result are one transaction in Postgres.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem::{Idem, idempotent};
use kit::proxy::Proxy;
use sqlx::{PgPool, PgTransaction};

use super::support::{Broker, Consumer, Shop};
use crate::brokers::database::Database;
use crate::charge::Problem;
use crate::consumer::Message;

/// What books, by way of a proxy.
#[derive(Clone)]
struct Books {
    shop: Shop,
    pool: PgPool,
    bodies: Arc<AtomicUsize>,
}

fn fault(error: sqlx::Error) -> Problem {
    idem::Error::outage(error).into()
}

#[idempotent(key = "book:{message.id}", strategy = "db", tx = tx, engine = books.shop.idem)]
async fn book(books: &Books, tx: &mut PgTransaction<'_>, message: &Message) -> Result<(), Problem> {
    books.bodies.fetch_add(1, Ordering::SeqCst);
    let line = sqlx::query("insert into bookings (message) values ($1)").bind(&message.id);
    line.execute(&mut **tx).await.map_err(fault)?;
    Ok(())
}

impl Books {
    async fn open(database: &Database, address: SocketAddr) -> Self {
        let pool = PgPool::connect(&database.url_by_way_of(address)).await.unwrap();
        let mut shop = Shop::new().await;
        shop.idem = Idem::builder().postgres(pool.clone()).build().await.unwrap();
        shop.idem.migrate().await.unwrap();
        let table = "create table bookings (message text)"; // without a key of its own
        sqlx::query(table).execute(&pool).await.unwrap();
        Self { shop, pool, bodies: Arc::default() }
    }

    /// Books, commits, and only then lets the message be acknowledged.
    async fn handle(self, message: Message) -> Result<(), Problem> {
        let booked = async {
            let mut tx = self.pool.begin().await.map_err(fault)?;
            book(&self, &mut tx, &message).await?;
            tx.commit().await.map_err(fault)
        };
        self.shop.noted(&message.id, booked).await
    }

    async fn consumer(&self, broker: &Broker) -> Consumer {
        let books = self.clone();
        broker.consumer(move |message| books.clone().handle(message)).await
    }

    fn bodies(&self) -> usize {
        self.bodies.load(Ordering::SeqCst)
    }
}

/// C94, C95: the copy is told so, its body does not run, and neither is acknowledged before the commit.
#[tokio::test]
async fn of_two_copies_at_once_one_commits_and_the_other_finds_it() {
    let (broker, database) = (Broker::new().await, Database::new().await);
    let proxy = Proxy::start(Database::server().address()).await;
    let books = Books::open(&database, proxy.address()).await;
    let commit = proxy.hold_request("COMMIT");
    let consumers = [books.consumer(&broker).await, books.consumer(&broker).await];
    broker.send("m-1", "1200").await;
    broker.send("m-1", "1200").await;

    let commit = commit.caught().await;
    books.shop.answered("m-1", "in_flight").await;
    assert_eq!((books.bodies(), database.rows("bookings").await), (1, 0));
    // The one is with its consumer, the other comes and goes; none was acknowledged.
    commit.deliver().await;
    books.shop.answered("m-1", "replayed").await;
    for consumer in consumers {
        consumer.stop().await;
    }
    assert_eq!((books.bodies(), database.rows("bookings").await), (1, 1));
    assert_eq!(broker.ready().await, [0, 0]);
    assert!(broker.dead_letters().await.is_empty());
}

/// C93: cut off before the commit, neither the booking nor the record is there; then both are.
#[tokio::test]
async fn what_was_cut_off_before_its_commit_never_was() {
    let (broker, database) = (Broker::new().await, Database::new().await);
    let proxy = Proxy::start(Database::server().address()).await;
    let books = Books::open(&database, proxy.address()).await;
    let commit = proxy.hold_request("COMMIT");
    let consumer = books.consumer(&broker).await;
    broker.send("m-1", "1200").await;
    let _never_delivered = commit.caught().await;
    let again = proxy.hold_request("COMMIT");
    proxy.cut_all();
    books.shop.answered("m-1", "failed").await;

    let again = again.caught().await;
    assert_eq!(books.bodies(), 2);
    assert_eq!((database.rows("bookings").await, database.rows("idem_records").await), (0, 0));
    again.deliver().await;
    books.shop.answered("m-1", "ran").await;
    consumer.stop().await;
    assert_eq!((database.rows("bookings").await, database.rows("idem_records").await), (1, 1));
    assert_eq!(broker.ready().await, [0, 0]);
}
