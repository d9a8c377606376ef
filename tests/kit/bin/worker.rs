//! Makes calls in a process of its own, as it is told, to be killed at a point or at random.
//!
//!     kit-worker URL PREFIX JOURNAL
//!
//! Each line of its standard input is a call, as `kit::worker::Call` writes it, or a storm of them; they
//! are made one after another. It prints `ready` before the first, and `over` when there are no more.

use std::sync::Arc;

use kit::worker::{Call, Site};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let worker = Arc::new(Site::read(&mut std::env::args().skip(1)).worker().await);
    println!("ready");
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    while let Some(line) = lines.recv().await {
        if let Ok(storm) = line.parse() {
            Arc::clone(&worker).storm(storm).await;
        }
        // What it came to is in the journal.
        let _ = worker.call(&Call::read(&line)).await;
    }
    worker.shutdown().await;
    println!("over");
}
