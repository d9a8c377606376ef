//! A guarded handler of axum under the layer, beside a middleware written by hand with redis-rs, on
//! the same Redis.
//!
//! ```text
//! cargo bench -p tests --bench http                      # all of it, a minute and a half
//! cargo bench -p tests --bench http -- --quick
//! cargo bench -p tests --bench http -- fresh json        # the lines with these words
//! ```
//!
//! Prints a table in Markdown; [`harness::Options`] has what can be set. Servers and clients are in
//! this process, on the same threads: what the clients take is in the numbers on either side. A single
//! connection has one thread.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;
#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod harness;

use charge::http::{Payload, Returning, by_hand, ours};
use charge::{ByHand, Completion};
use harness::{Call, Contest, Task, columns};
use idem::Idem;
use kit::redis::{Flavour, Server};

fn main() {
    let (alone, together) = (Contest::alone(), Contest::new());
    println!(
        "| handler returns | call | connections | by hand, requests/s | idem, requests/s | throughput | p50 | p99 | client and server CPU, µs | Redis CPU, µs | beside |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    );
    let server = Server::shared(Flavour::Redis);
    for returning in [Returning::Json, Returning::Response] {
        for call in [Call::Fresh, Call::Duplicate] {
            for (callers, contest) in [(1, &alone), (64, &together)] {
                let task = Task { call, callers, server: Some(server.pid()) };
                line(contest, server, returning, task);
            }
        }
    }
}

/// Measures one line of the table, and prints it.
fn line(contest: &Contest, server: &Server, returning: Returning, task: Task) {
    let start = format!("| {returning:?} | {:?} | {} |", task.call, task.callers);
    if !contest.options.asks_for(&start.to_lowercase()) {
        return;
    }
    let url = server.url();
    let (idem, claims) = contest.runtime.block_on(async {
        server.client().await.flushall().await;
        let idem = Idem::builder().redis(&url).build().await.expect("the server answers");
        (idem, ByHand::connect(&url, Completion::lua()).await)
    });
    let careless = by_hand(&contest.runtime, claims.clone(), Payload::NotCompared);
    let by_hand = by_hand(&contest.runtime, claims, Payload::Compared);
    let ours = ours(&contest.runtime, &idem, returning);
    if task.call == Call::Duplicate {
        contest.complete(&by_hand);
        contest.complete(&careless);
        contest.complete(&ours);
    }
    let [by_hand, careless] = [by_hand, careless].map(|other| contest.turn(other, task));
    let ours = contest.turn(ours, task);
    let mut rounds = contest.rounds([&by_hand, &ours, &careless]);
    println!("{start} {} by hand |", columns(&mut rounds, 0, &[50, 99]));
    println!("{start} {} by hand, payload not compared |", columns(&mut rounds, 2, &[50, 99]));
}
