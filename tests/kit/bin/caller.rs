//! Makes guarded calls in a process of its own, as it is told on its standard input.
//!
//!     kit-caller URL LEDGER [scripts]
//!
//! Each line is a call: `KEY LEASE_MS WAIT_MS BODY_MS [LIMIT | TOKEN]`, where a wait of 0 is none; with
//! a limit attempts are counted, and a token is used. All run at once. The line `issue KEY` is
//! answered by `issued KEY TOKEN`.
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
use idem::{Error, Idem, Outcome, Plan, Token, with_outcome};
use kit::ledger::Ledger;

const TIMEOUT: Duration = Duration::from_secs(5);
const SECRET: [u8; 32] = [7; 32];
const LIFE: Duration = Duration::from_hours(1);

/// One line.
struct Call {
    key: String,
    plan: Plan,
    body: Duration,
    token: Option<Token>,
}

impl Call {
    fn read(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let time = |word: &str| Duration::from_millis(word.parse().expect("milliseconds"));
        let (plan, token) = match words.get(4).map(|word| (word, word.parse())) {
            None => (Plan::setnx(), None),
            Some((_, Ok(limit))) => (Plan::count().limit(limit), None),
            Some((token, Err(_))) => (Plan::token(), Some(Token::from((*token).to_owned()))),
        };
        let plan = plan.lease(time(words[1]));
        let plan = if words[2] == "0" { plan } else { plan.wait(time(words[2])) };
        Self { key: words[0].to_owned(), plan, body: time(words[3]), token }
    }

    async fn make(self, idem: Idem, ledger: &Ledger) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let Self { key, plan, body, token } = self;
        let name = idem::key!("op:{key}");
        let name = token.iter().fold(name, idem::Key::token);
        let body = async {
            let note = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            ledger.append(&key, &note);
            println!("running {key} {note}");
            tokio::time::sleep(body).await;
            Ok::<_, Error>(note)
        };
        let answer = with_outcome(idem.call(&plan, name, body)).await;
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
    let builder = Idem::builder().timeout(TIMEOUT).token_secret(SECRET);
    let builder = if arguments.get(2).is_some_and(|dialect| dialect == "scripts") {
        let redis = Redis::connect(
            &arguments[0],
            &RedisOptions::default().timeout(TIMEOUT).at_most(Dialect::Scripts),
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
        if let Some(key) = line.strip_prefix("issue ") {
            let token = idem.issue_token(&idem::key!("op:{key}"), LIFE).expect("there is a key");
            println!("issued {key} {}", token.as_str());
            continue;
        }
        calls.spawn(Call::read(&line).make(idem.clone(), ledger));
    }
    calls.join_all().await;
    idem.shutdown(TIMEOUT).await;
}
