//! Makes guarded calls in a process of its own, as it is told on its standard input.
//!
//!     kit-caller URL LEDGER [scripts]
//!
//! Each line is a call: `KEY LEASE_MS WAIT_MS BODY_MS [LIMIT]`, where a wait of 0 is none, and with a
//! limit attempts are counted. All run at once.
//! The body notes itself in the ledger, and its value is that note: `PID-N`. It prints
//! `running KEY NOTE` as a body begins, and when a call has its answer one of
//!
//!     done KEY ran NOTE stored|unstored
//!     done KEY replayed NOTE
//!     done KEY waited NOTE
//!     done KEY refused CODE

use std::{
    io::BufRead,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use idem::store::{Dialect, Redis, RedisOptions};
use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::ledger::Ledger;

const TIMEOUT: Duration = Duration::from_secs(5);

/// One line.
struct Call {
    key: String,
    plan: Plan,
    body: Duration,
}

impl Call {
    fn read(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let time = |word: &str| Duration::from_millis(word.parse().expect("milliseconds"));
        let plan = match words.get(4) {
            None => Plan::setnx(),
            Some(limit) => Plan::count().limit(limit.parse().expect("a limit")),
        };
        let plan = plan.lease(time(words[1]));
        let plan = if words[2] == "0" { plan } else { plan.wait(time(words[2])) };
        Self { key: words[0].to_owned(), plan, body: time(words[3]) }
    }

    async fn make(self, idem: Idem, ledger: &Ledger) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let Self { key, plan, body } = self;
        let body = async {
            let note = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            ledger.append(&key, &note);
            println!("running {key} {note}");
            tokio::time::sleep(body).await;
            Ok::<_, Error>(note)
        };
        let answer = with_outcome(idem.call(&plan, idem::key!("op:{key}"), body)).await;
        match answer {
            (Ok(note), Outcome::Ran { stored, .. }) => {
                let stored = if stored { "stored" } else { "unstored" };
                println!("done {key} ran {note} {stored}");
            }
            (Ok(note), Outcome::Replayed { .. }) => println!("done {key} replayed {note}"),
            (Ok(note), _) => println!("done {key} waited {note}"),
            (Err(error), _) => println!("done {key} refused {}", error.code()),
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let ledger: &'static Ledger = Box::leak(Box::new(Ledger::at(&arguments[1])));
    let builder = Idem::builder().timeout(TIMEOUT);
    let builder = if arguments.get(2).is_some_and(|dialect| dialect == "scripts") {
        let redis = Redis::connect(
            &arguments[0],
            &RedisOptions {
                timeout: TIMEOUT,
                at_most: Dialect::Scripts,
                ..RedisOptions::default()
            },
        )
        .await;
        builder.store(redis.expect("the server answers"))
    } else {
        builder.redis(&arguments[0])
    };
    let idem = builder.build().await.expect("the server answers");
    println!("ready");
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let mut calls = tokio::task::JoinSet::new();
    while let Some(line) = lines.recv().await {
        calls.spawn(Call::read(&line).make(idem.clone(), ledger));
    }
    calls.join_all().await;
    idem.shutdown(TIMEOUT).await;
}
