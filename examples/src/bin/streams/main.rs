//! How does a consumer of Redis Streams book an order exactly once, in its own database?
//!
//! ```text
//! cargo run -p examples --bin streams                         # a consumer; start two, and kill one
//! cargo run -p examples --bin streams -- send order-1 1200    # a message, as often as you like
//! ```
//!
//! Redis and Postgres are where `--broker` and `--database` say. What a message books, its claim and its
//! result are one transaction; the message is acknowledged when that has committed.
//!
//! | file | |
//! |---|---|
//! | `book` | the guarded function in its transaction, and what its errors mean for a message |
//! | `stream` | the stream: what is new, what others left, and what is put aside |

mod book;
mod stream;

use std::convert::Infallible;
use std::time::Duration;

use book::{Books, Problem};
use clap::Parser;
use idem::Delivery;
use stream::{Message, Stream};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A consumer that books orders; `send` sends it one
#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "redis://127.0.0.1/")]
    broker: String,
    #[arg(long, default_value = "postgres://localhost/shop")]
    database: String,
    #[arg(long, default_value = "orders")]
    stream: String,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Send a message
    Send { id: String, cents: i64 },
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let args = Args::parse();
    if let Some(Task::Send { id, cents }) = &args.task {
        return Ok(Stream::open(&args.broker, &args.stream).await?.send(id, *cents).await?);
    }
    let books = Books::open(&args.database).await?;
    tokio::select! {
        // Between two messages or in the middle of one: what hasn't committed never was.
        _ = tokio::signal::ctrl_c() => Ok(()),
        never = consume(&args, &books) => match never {},
    }
}

/// Consumes, again and again on a connection of its own.
async fn consume(args: &Args, books: &Books) -> Infallible {
    loop {
        if let Err(lost) = work(args, books).await {
            eprintln!("streams: {lost}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Consumes, one message after the other, until the connection is lost.
async fn work(args: &Args, books: &Books) -> redis::RedisResult<()> {
    let mut stream = Stream::open(&args.broker, &args.stream).await?;
    println!("waiting for messages");
    loop {
        let Some(message) = stream.next().await? else { continue };
        let handled = handle(books, &message).await;
        match handled.as_ref().map_or_else(Problem::delivery, |()| Delivery::Ack) {
            Delivery::Ack => stream.acknowledge(&message).await?,
            // It stays pending, and whoever has time takes it when it has been so for a while.
            Delivery::Requeue { .. } => {}
            _ => {
                let reason = handled.err().map(|problem| problem.to_string()).unwrap_or_default();
                stream.put_aside(&message, &reason).await?;
            }
        }
    }
}

/// Books what a message asks for. One without an id is an empty key, which is refused.
async fn handle(books: &Books, message: &Message) -> Result<(), Problem> {
    let outcome = books.book(&message.id, message.cents.parse()?).await;
    println!("message {:?}: {outcome:?}", message.id);
    outcome.map(drop)
}
