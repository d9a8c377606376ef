//! The library beside hand-written redis-rs, on the same server.
//!
//! ```text
//! cargo bench -p tests --bench redis                     # all of it, under 4 minutes
//! cargo bench -p tests --bench redis -- --quick
//! cargo bench -p tests --bench redis -- valkey fresh     # the lines with these words
//! ```
//!
//! Prints a table in Markdown; [`harness::Options`] has what can be set. CPU times are idem's and
//! hand-written's, for one call.

#[allow(dead_code, unused_imports, reason = "the other benches use the rest")]
mod charge;
#[allow(dead_code, reason = "the other benches use the rest")]
mod harness;

use charge::{ByHand, ByHandCounted, ByHandToken, Completion, Ours, OursCounted, OursToken};
use harness::{CALLERS, COMPLETED, Call, Contest, Task, columns};
use idem::Idem;
use kit::redis::{Flavour, Server};

fn main() {
    let (alone, together) = (Contest::alone(), Contest::new());
    let contest = |callers| if callers == 1 { &alone } else { &together };
    println!(
        "| server | call | callers | by hand, calls/s | idem, calls/s | throughput | p99 | client CPU, µs | server CPU, µs | beside |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|---|"
    );
    for flavour in Flavour::ALL {
        let server = Server::shared(flavour);
        for call in [Call::Fresh, Call::Duplicate] {
            for callers in CALLERS {
                line(contest(callers), server, Task { call, callers, server: Some(server.pid()) });
            }
        }
        for call in [Call::Fresh, Call::Duplicate] {
            for callers in [1, 16, 64] {
                let task = Task { call, callers, server: Some(server.pid()) };
                counted_line(contest(callers), server, task);
                token_line(contest(callers), server, task);
            }
        }
    }
}

/// Measures one line of the table, and prints it.
fn line(contest: &Contest, server: &Server, task: Task) {
    let start = format!("| {} | {:?} | {} |", name(server), task.call, task.callers);
    if !contest.options.asks_for(&start.to_lowercase()) {
        return;
    }
    let url = server.url();
    let (ours, lua, native) = contest.runtime.block_on(async {
        server.client().await.flushall().await;
        let idem = Idem::builder().redis(&url).build().await.expect("the server answers");
        let lua = ByHand::connect(&url, Completion::lua()).await;
        (Ours(idem), lua, ByHand::connect(&url, Completion::IfEq).await)
    });
    if task.call == Call::Duplicate {
        contest.complete(&ours);
        contest.complete(&lua);
    }
    let (ours, lua) = (contest.turn(ours, task), contest.turn(lua, task));
    if server.flavour() == Flavour::Valkey && task.call == Call::Fresh {
        let native = contest.turn(native, task);
        let mut rounds = contest.rounds([&lua, &ours, &native]);
        println!("{start} {} by hand with a script |", columns(&mut rounds, 0, &[99]));
        println!("{start} {} by hand with `IFEQ` |", columns(&mut rounds, 2, &[99]));
    } else {
        let mut rounds = contest.rounds([&lua, &ours]);
        println!("{start} {} by hand |", columns(&mut rounds, 0, &[99]));
    }
}

/// The same of a call whose attempts are counted, beside a script that counts.
fn counted_line(contest: &Contest, server: &Server, task: Task) {
    let start = format!("| {} | {:?}, counted | {} |", name(server), task.call, task.callers);
    if !contest.options.asks_for(&start.to_lowercase()) {
        return;
    }
    let url = server.url();
    let (ours, by_hand) = contest.runtime.block_on(async {
        server.client().await.flushall().await;
        let idem = Idem::builder().redis(&url).build().await.expect("the server answers");
        (OursCounted(idem), ByHandCounted::connect(&url).await)
    });
    if task.call == Call::Duplicate {
        contest.complete(&ours);
        contest.complete(&by_hand);
    }
    let (ours, by_hand) = (contest.turn(ours, task), contest.turn(by_hand, task));
    let mut rounds = contest.rounds([&by_hand, &ours]);
    println!("{start} {} by hand |", columns(&mut rounds, 0, &[99]));
}

/// The same of a call by a token, beside a JWT that is checked by hand. A fresh call's token is
/// issued in its time, a duplicate's before.
fn token_line(contest: &Contest, server: &Server, task: Task) {
    let start = format!("| {} | {:?}, by a token | {} |", name(server), task.call, task.callers);
    if !contest.options.asks_for(&start.to_lowercase()) {
        return;
    }
    let url = server.url();
    let issued = if task.call == Call::Fresh { 0 } else { COMPLETED };
    let (ours, by_hand) = contest.runtime.block_on(async {
        server.client().await.flushall().await;
        let builder = Idem::builder().redis(&url).token_secret(charge::ours::TOKEN_SECRET);
        let idem = builder.build().await.expect("the server answers");
        let claims = ByHand::connect(&url, Completion::lua()).await;
        (OursToken::new(idem, issued), ByHandToken::new(claims, issued))
    });
    if task.call == Call::Duplicate {
        contest.complete(&ours);
        contest.complete(&by_hand);
    }
    let (ours, by_hand) = (contest.turn(ours, task), contest.turn(by_hand, task));
    let mut rounds = contest.rounds([&by_hand, &ours]);
    println!("{start} {} by hand |", columns(&mut rounds, 0, &[99]));
}

fn name(server: &Server) -> &'static str {
    match server.flavour() {
        Flavour::Redis => "Redis 7",
        Flavour::Valkey => "Valkey 9",
    }
}
