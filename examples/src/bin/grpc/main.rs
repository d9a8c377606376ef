//! A gRPC service of tonic, and a client that calls it twice: `cargo run -p examples --bin grpc`.

mod till;
mod wire;

use std::time::Duration;

use idem::Idem;
use till::Till;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Request;
use tonic::transport::{Channel, Server};
use wire::{Payment, PaymentsClient, PaymentsServer};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (idem, till) = (Idem::in_memory(), Till::default());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();

    let payments = PaymentsServer::new(till.clone());
    let server = Server::builder().layer(idem.layer()).add_service(payments);
    let stopped = async { stopped.await.unwrap_or_default() };
    let serving = server.serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped);
    let serving = tokio::spawn(serving);

    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = PaymentsClient::new(channel);
    call(&mut client, "a payment", payment("k-1", 500)?).await;
    call(&mut client, "the same, sent again", payment("k-1", 500)?).await;
    call(&mut client, "its key, another amount", payment("k-1", 600)?).await;
    let mut hurried = payment("k-2", 70)?;
    hurried.set_timeout(Duration::from_millis(200)); // the bank takes longer
    call(&mut client, "a client without patience", hurried).await;
    call(&mut client, "the same, sent again", payment("k-2", 70)?).await;
    println!("payments made: {}", till.payments());

    let _ = stop.send(());
    drop(client);
    serving.await??;
    idem.shutdown(Duration::from_secs(30)).await; // bodies whose clients have left
    Ok(())
}

/// A payment by Ada, with a key that she has made up for it.
fn payment(key: &str, amount: u64) -> Result<Request<Payment>, Failure> {
    let mut request = Request::new(Payment { account: "a".to_owned(), amount });
    request.metadata_mut().insert("authorization", "Bearer ada".parse()?);
    request.metadata_mut().insert("idempotency-key", key.parse()?);
    Ok(request)
}

async fn call(client: &mut PaymentsClient<Channel>, what: &str, request: Request<Payment>) {
    match client.pay(request).await {
        Ok(answer) => {
            let replayed = answer.metadata().contains_key("idempotent-replayed");
            let receipt = answer.into_inner();
            let replayed = if replayed { ", replayed" } else { "" };
            println!("{what:26} receipt {} of {}{replayed}", receipt.number, receipt.amount);
        }
        Err(status) => println!("{what:26} {:?}: {}", status.code(), status.message()),
    }
}
