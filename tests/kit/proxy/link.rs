use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{oneshot, watch},
};

use super::rules::{Rule, Rules};

/// How much of what has passed is looked at again, for a pattern that came in two pieces.
const REMEMBERED: usize = 1024;

/// What the requests' side tells the replies' side of one connection.
#[derive(Debug)]
enum Expected {
    /// A reply to pass on, and to tell of.
    Told(oneshot::Sender<Vec<u8>>),
    /// A reply to tell of, and to close the connection on.
    Swallowed(oneshot::Sender<Vec<u8>>),
}

/// Carries one connection until either side, a rule or the proxy ends it. Both sockets close
/// with it.
pub(super) async fn run(
    mut client: TcpStream,
    upstream: SocketAddr,
    rules: Arc<Rules>,
    mut generation: watch::Receiver<u64>,
) {
    generation.mark_unchanged();
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    // What is passed on arrives piece by piece as it was sent.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let expected = Mutex::default();
    tokio::select! {
        _ = requests(from_client, to_server, &rules, &expected) => {}
        _ = replies(from_server, to_client, &rules, &expected) => {}
        _ = generation.changed() => {} // also when the proxy is dropped
    }
}

async fn requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    rules: &Rules,
    expected: &Mutex<Option<Expected>>,
) -> io::Result<()> {
    let (mut buffer, mut passed) = (vec![0; 64 * 1024], Vec::new());
    let mut cut = None;
    loop {
        // A client that has gone, in good order or not: what it sent before is answered all the
        // same, and the server closes the connection.
        let Ok(length @ 1..) = from.read(&mut buffer).await else {
            to.shutdown().await?;
            return std::future::pending().await;
        };
        let piece = &buffer[..length];
        rules.count_requested(length);
        let before = passed.len();
        passed.extend_from_slice(piece);
        let has_come = |pattern: &[u8]| {
            // With its last byte in this piece: what passed before a rule was made doesn't count.
            let from = (before + 1).saturating_sub(pattern.len());
            pattern.is_empty() || passed[from..].windows(pattern.len()).any(|w| w == pattern)
        };
        let expect = |reply| {
            *expected.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        };
        match rules.take(|rule| rule.pattern().is_some_and(has_come)) {
            Some(Rule::Hold { catch, reply, .. }) => {
                let (deliver, delivered) = oneshot::channel();
                // An error means that the test has dropped it: then it is delivered at once.
                let _ = catch.send(deliver);
                let _ = delivered.await;
                expect(Expected::Told(reply));
            }
            Some(Rule::Swallow { reply, .. }) => expect(Expected::Swallowed(reply)),
            _ => {}
        }
        if cut.is_none() {
            cut = cut_of(rules.take(|rule| matches!(rule, Rule::CutRequest { .. })));
        }
        if !pass_on(piece, &mut to, &mut cut).await? {
            return Ok(());
        }
        passed.drain(..passed.len().saturating_sub(REMEMBERED));
    }
}

async fn replies(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    rules: &Rules,
    expected: &Mutex<Option<Expected>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut cut = None;
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let piece = &buffer[..length];
        rules.count_replied(length);
        match expected.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(Expected::Swallowed(tell)) => {
                let _ = tell.send(piece.to_vec());
                return Ok(());
            }
            Some(Expected::Told(tell)) => {
                let _ = tell.send(piece.to_vec());
            }
            None => {}
        }
        if cut.is_none() {
            cut = cut_of(rules.take(|rule| matches!(rule, Rule::CutReply { .. })));
        }
        if !pass_on(piece, &mut to, &mut cut).await? {
            return Ok(());
        }
    }
}

/// How many bytes may still pass.
fn cut_of(rule: Option<Rule>) -> Option<usize> {
    match rule? {
        Rule::CutRequest { bytes } | Rule::CutReply { bytes } => Some(bytes),
        Rule::Swallow { .. } | Rule::Hold { .. } => None,
    }
}

/// Passes on what may pass; whether the connection lives on.
async fn pass_on(
    piece: &[u8],
    to: &mut WriteHalf<'_>,
    cut: &mut Option<usize>,
) -> io::Result<bool> {
    let Some(left) = cut else {
        to.write_all(piece).await?;
        return Ok(true);
    };
    let passing = piece.len().min(*left);
    to.write_all(&piece[..passing]).await?;
    *left -= passing;
    // At the last byte, not at the one after it: nobody may send that one.
    Ok(*left > 0)
}
