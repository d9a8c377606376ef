//! What the Rust peers share: a process that makes the calls which it is told on its standard
//! input. `peers/README.md` has its lines. A peer adds how one call is guarded.

mod calls;
mod effect;
mod speed;

use std::future::Future;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use effect::Effect;

/// How long a claim stands without renewal, where a peer has a lease.
pub const LEASE: Duration = Duration::from_secs(2);

/// What one call is told.
pub enum Answer {
    /// The handler's result, run now or stored.
    Receipt(String),
    /// Another call of this order is running.
    InFlight,
    Failed(String),
}

/// A library, used as its documentation recommends.
pub trait Peer: Send + Sync + Sized + 'static {
    /// Connects to the server. The folder is the run's own, and all workers of a run share it.
    fn connect(url: &str, folder: &Path) -> impl Future<Output = Self> + Send;

    /// Calls [`Effect::charge`], guarded by the library.
    fn charge(&self, order: &str, effect: Effect) -> impl Future<Output = Answer> + Send;
}

/// Does as the lines of standard input say, until they end.
///
/// # Panics
///
/// At a line, or an argument, that `peers/README.md` does not have.
pub fn main<P: Peer>() {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(folder)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        panic!("what is asked for is: URL FOLDER");
    };
    // As many threads as the machines that this is measured on have cores.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let peer = Arc::new(P::connect(&url, &folder).await);
        println!("ready");
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        while let Some(line) = lines.recv().await {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["call", order, body] => {
                    let effect = Effect::new(&folder, milliseconds(body));
                    tokio::spawn(calls::ask(peer.clone(), order.to_owned(), effect));
                }
                ["speed", kind, callers, time] => {
                    let callers = callers.parse().expect("a number of callers");
                    speed::measure(&peer, kind, callers, milliseconds(time)).await;
                }
                _ => panic!("no such line: {line}"),
            }
        }
    });
}

fn milliseconds(word: &str) -> Duration {
    Duration::from_millis(word.parse().expect("milliseconds"))
}
