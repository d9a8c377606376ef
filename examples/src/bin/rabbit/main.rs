//! How does a consumer of RabbitMQ charge an order once, however often its message comes?
//!
//! ```text
//! cargo run -p examples --bin rabbit                          # a consumer; start two, and stop one
//! cargo run -p examples --bin rabbit -- send order-1 1200     # a message, as often as you like
//! ```
//!
//! RabbitMQ and Redis are where `--broker` and `--redis` say. A message is acknowledged when its charge is
//! stored, and not before; until then it comes again, and then the record answers it.
//!
//! | file | |
//! |---|---|
//! | `charge` | the guarded function, and what its errors mean for a message |
//! | `consumer` | the loop: handle a message, then acknowledge it, let it come again, or put it aside |
//! | `queues` | the queue, and the two beside it |

mod charge;
mod consumer;
mod queues;

use std::pin::pin;
use std::time::Duration;

use charge::{Order, Problem, charge};
use clap::Parser;
use consumer::{Message, consume};
use idem::{Idem, with_outcome};
use lapin::{Connection, ConnectionProperties};
use queues::Queues;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A consumer that charges orders; `send` sends it one
#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "amqp://127.0.0.1/%2f")]
    broker: String,
    #[arg(long, default_value = "redis://127.0.0.1/")]
    redis: String,
    #[arg(long, default_value = "orders")]
    queue: String,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Send a message
    Send { id: String, cents: u64 },
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let Args { broker, redis, queue, task } = Args::parse();
    let queues = Queues::named(&queue);
    if let Some(Task::Send { id, cents }) = task {
        let connection = Connection::connect(&broker, ConnectionProperties::default()).await?;
        let channel = queues.open(&connection).await?;
        let order = serde_json::to_vec(&Order { cents })?;
        return Ok(queues.send(&channel, &id, &order).await?);
    }

    let idem = Idem::builder().redis(redis).prefix("shop").build().await?;
    // It stays told, whatever it does when it is: also when there is no broker.
    let (tell, mut told) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tell.send_replace(true);
    });
    while !*told.borrow() {
        let worked = work(&broker, &queues, &idem, stop(&mut told)).await;
        let Err(lost) = worked else { break };
        eprintln!("rabbit: {lost}");
        let _ = tokio::time::timeout(Duration::from_secs(1), stop(&mut told)).await;
    }
    idem.shutdown(Duration::from_secs(30)).await; // results that are still being stored
    Ok(())
}

/// Waits until it is told to stop.
async fn stop(told: &mut watch::Receiver<bool>) {
    let _ = told.wait_for(|told| *told).await;
}

/// Consumes until it is told to stop, or the connection is lost.
async fn work(
    broker: &str,
    queues: &Queues,
    idem: &Idem,
    stop: impl Future<Output = ()>,
) -> lapin::Result<()> {
    let mut stop = pin!(stop);
    let open = async {
        let connection = Connection::connect(broker, ConnectionProperties::default()).await?;
        let channel = queues.open(&connection).await?;
        Ok::<_, lapin::Error>((connection, channel))
    };
    let (connection, channel) = tokio::select! {
        opened = open => opened?,
        () = &mut stop => return Ok(()),
    };
    println!("waiting for messages");
    consume(&channel, queues, |message| handle(idem.clone(), message), stop).await?;
    connection.close(200, "good bye".into()).await
}

/// Charges what a message asks for. One without an id is an empty key, which is refused.
async fn handle(idem: Idem, message: Message) -> Result<(), Problem> {
    let order: Order = serde_json::from_slice(&message.body)?;
    let (charged, outcome) = with_outcome(charge(&idem, &message.id, &order)).await;
    println!("message {:?}: {outcome:?}", message.id);
    charged
}
