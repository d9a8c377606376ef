use std::net::SocketAddr;

use kit::proxy::Proxy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A server that answers each line with `echo ` before it, and tells of what it got.
async fn server() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let reply = format!("echo {text}");
                    sender.send(text).unwrap();
                    let _ = stream.write_all(reply.as_bytes()).await;
                }
                sender.send("gone".to_owned()).unwrap();
            });
        }
    });
    (address, received)
}

async fn ask(stream: &mut TcpStream, question: &str) -> String {
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut buffer = [0; 1024];
    // A connection that is reset is closed, too.
    let length = stream.read(&mut buffer).await.unwrap_or(0);
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    !matches!(stream.read(&mut [0]).await, Ok(1))
}

#[tokio::test]
async fn everything_passes_through() {
    let (address, _received) = server().await;
    let proxy = Proxy::start(address).await;
    for connections in 1..=3 {
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut client, "one").await, "echo one");
        assert_eq!(ask(&mut client, "two").await, "echo two");
        assert_eq!(proxy.connections(), connections);
    }
}

#[tokio::test]
async fn a_request_is_cut() {
    let (address, mut received) = server().await;
    let proxy = Proxy::start(address).await;
    for (bytes, arrived) in [(3, "que"), (8, "question")] {
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.cut_request_after(bytes);
        client.write_all(b"question").await.unwrap();
        assert_eq!(received.recv().await.unwrap(), arrived);
        assert_eq!(received.recv().await.unwrap(), "gone");
    }
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.cut_request_after(0);
    assert_eq!(ask(&mut client, "question").await, "");
    assert_eq!(received.recv().await.unwrap(), "gone");
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut next, "again").await, "echo again", "it happens once");
}

#[tokio::test]
async fn a_reply_is_cut() {
    let (address, mut received) = server().await;
    let proxy = Proxy::start(address).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut client, "one").await, "echo one");
    proxy.cut_reply_after(6);
    assert_eq!(ask(&mut client, "two").await, "echo t");
    assert!(is_closed(&mut client).await);
    let arrived = [received.recv().await.unwrap(), received.recv().await.unwrap()];
    assert_eq!(arrived, ["one", "two"]);
}

#[tokio::test]
async fn a_reply_is_swallowed() {
    let (address, _received) = server().await;
    let proxy = Proxy::start(address).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut client, "SET").await, "echo SET");
    let swallowed = proxy.swallow_reply_to("SET");
    assert_eq!(ask(&mut client, "GET").await, "echo GET");
    client.write_all(b"S").await.unwrap();
    assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 6);
    assert_eq!(ask(&mut client, "ET").await, "", "a pattern may come in pieces");
    assert_eq!(swallowed.landed().await, b"echo ET");
    assert!(is_closed(&mut client).await);
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut next, "SET").await, "echo SET");
}

#[tokio::test]
async fn a_held_request_arrives_when_its_client_has_gone() {
    let (address, mut received) = server().await;
    let proxy = Proxy::start(address).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let held = proxy.hold_request("SET");
    client.write_all(b"SET 1").await.unwrap();
    let caught = held.caught().await;
    drop(client);
    let mut other = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut other, "SET 2").await, "echo SET 2");
    assert_eq!(received.recv().await.unwrap(), "SET 2");
    assert_eq!(caught.deliver().await, b"echo SET 1");
    assert_eq!(received.recv().await.unwrap(), "SET 1");
}

#[tokio::test]
async fn a_held_request_is_answered_if_its_client_is_there() {
    let (address, _received) = server().await;
    let proxy = Proxy::start(address).await;
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let held = proxy.hold_request("SET");
    let (answer, told) =
        tokio::join!(ask(&mut client, "SET 1"), async { held.caught().await.deliver().await });
    assert_eq!(answer.as_bytes(), told);
    assert_eq!(ask(&mut client, "SET 2").await, "echo SET 2");
}

#[tokio::test]
async fn connections_are_refused_and_taken_again() {
    let (address, _received) = server().await;
    let mut proxy = Proxy::start(address).await;
    let mut before = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut before, "one").await, "echo one");
    proxy.refuse().await;
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(ask(&mut before, "two").await, "echo two");
    proxy.accept().await;
    let mut after = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut after, "three").await, "echo three");
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn all_connections_are_cut_at_once() {
    let (address, _received) = server().await;
    let proxy = Proxy::start(address).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut client, "one").await, "echo one");
        clients.push(client);
    }
    proxy.cut_all();
    for client in &mut clients {
        assert!(is_closed(client).await);
    }
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut next, "two").await, "echo two");
    drop(proxy);
    assert!(is_closed(&mut next).await);
}
