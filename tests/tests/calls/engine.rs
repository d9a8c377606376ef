//! How an engine is set up, and which one a call takes.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use idem::store::{Memory, Redis, RedisOptions};
use idem::{Builder, Error, Idem, Outcome, Plan, with_outcome};
use kit::faulty::Faulty;
use kit::process::Process;
use kit::redis::{Flavour, Server};

use crate::support::{Runs, SOON, ask};

const PLAN: Plan = Plan::setnx();

async fn refused(builder: Builder) -> String {
    match builder.build().await {
        Err(Error::Config { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_engine_has_one_store() {
    let reason = refused(Idem::builder()).await;
    assert!(reason.contains(".memory()") && reason.contains(".redis("), "{reason}");
    refused(Idem::builder().memory().memory()).await;
    refused(Idem::builder().memory().store(Memory::new())).await;
    refused(Idem::builder().memory().redis("redis://127.0.0.1/")).await;
    refused(Idem::builder().memory().memory().disabled()).await;
    refused(Idem::builder().redis("no url")).await;
    Idem::builder().memory().build().await.unwrap();
}

#[tokio::test]
async fn settings_have_bounds() {
    let prefixes = [
        (String::new(), false),
        ("x".to_owned(), true),
        ("é".repeat(50), true),
        ("é".repeat(51), false),
    ];
    for (prefix, legal) in prefixes {
        let built = Idem::builder().memory().prefix(prefix.clone()).build().await;
        assert_eq!(built.is_ok(), legal, "{prefix}");
    }
    for timeout in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
        refused(Idem::builder().memory().timeout(timeout)).await;
        refused(Idem::builder().redis("redis://127.0.0.1/").timeout(timeout)).await;
        let options = RedisOptions::default().timeout(timeout);
        let answer = Redis::connect("redis://127.0.0.1/", &options).await;
        assert!(matches!(answer, Err(Error::Config { .. })), "{answer:?}");
    }
    let holder = "é".repeat(100);
    let idem = Idem::builder().memory().holder(holder.clone()).build().await.unwrap();
    ask(&idem, &PLAN).await.0.unwrap();
    let one = 1;
    let entry = idem.get(&idem::key!("op:{one}")).await.unwrap().unwrap();
    assert_eq!(entry.holder, "é".repeat(32), "64 bytes of it, and no half a character");
}

/// What holds secrets or keys shows none of them.
#[tokio::test]
async fn what_is_debugged_into_a_log_gives_nothing_away() {
    let builder = Idem::builder().redis("redis://app:secret@127.0.0.1/").prefix("shop");
    let shown = format!("{builder:?}");
    assert!(shown.contains("shop") && !shown.contains("secret"), "{shown}");
    let (idem, secret) = (Idem::in_memory(), "secret");
    let body = async { Ok::<_, Error>(format!("{:?}", idem::attempt())) };
    let shown = idem.call(&PLAN, idem::key!("op:{secret}"), body).await.unwrap();
    assert!(shown.contains("number: 1") && !shown.contains("secret"), "{shown}");
}

/// C115
#[tokio::test]
async fn a_disabled_engine_asks_no_store_and_runs_every_time() {
    let store = Faulty::new();
    let idem = Idem::builder().store(store.clone()).disabled().build().await.unwrap();
    let runs = Runs::default();
    for run in 1..=3 {
        let one = 1;
        let call = with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), runs.body()));
        let (value, outcome) = call.await;
        assert_eq!((value.unwrap(), outcome), (run, Outcome::Unguarded));
    }
    assert_eq!(store.steps(), []);
    // What is wrong in every environment is wrong in this one too.
    let empty = "";
    let answer = idem.call(&PLAN, idem::key!("op:{empty}"), runs.body()).await;
    assert!(matches!(answer, Err(Error::InvalidKey { .. })), "{answer:?}");
    Idem::builder().disabled().build().await.unwrap();
}

fn current() -> Option<String> {
    Idem::current().ok().map(|idem| format!("{idem:?}"))
}

/// Nobody installs one in this process: those who do are processes of their own.
#[tokio::test]
async fn the_engine_in_scope_is_the_innermost_and_ends_with_its_future() {
    struct OnDrop(Arc<std::sync::Mutex<Option<String>>>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = current();
        }
    }
    let Err(Error::NotInstalled) = Idem::current() else { panic!("none is installed") };
    let outer = Idem::builder().memory().prefix("outer").build().await.unwrap();
    let inner = Idem::builder().memory().prefix("inner").build().await.unwrap();
    let (inside, name) = (inner.clone(), |idem: &Idem| Some(format!("{idem:?}")));
    let work = async {
        assert_eq!(current(), name(&outer));
        let work = async {
            tokio::task::yield_now().await;
            assert_eq!(current(), name(&inner));
        };
        inside.scope(work).await;
        assert_eq!(current(), name(&outer));
        assert_eq!(tokio::spawn(async { current() }).await.unwrap(), None, "not for other tasks");
    };
    outer.scope(work).await;
    assert_eq!(current(), None);

    let seen = Arc::new(std::sync::Mutex::new(None));
    let kept = OnDrop(Arc::clone(&seen));
    let mut call = Box::pin(outer.scope(async move {
        let _kept = kept;
        std::future::pending::<()>().await;
    }));
    crate::support::poll_once(&mut call).await;
    assert_eq!(current(), None, "only while it is polled");
    drop(call);
    assert_eq!(*seen.lock().unwrap(), name(&outer), "and while it is dropped");
}

#[test]
fn outside_of_tokio_nothing_is_claimed() {
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let one = 1;
    let call = pin!(idem.call(&PLAN, idem::key!("op:{one}"), runs.body()));
    let Poll::Ready(answer) = call.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("at once")
    };
    assert!(matches!(answer, Err(Error::Config { .. })), "{answer:?}");
    assert_eq!(runs.count(), 0);
}

/// C30: without a timer no lease can be renewed.
#[test]
fn without_a_timer_nothing_is_claimed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let idem = Idem::in_memory();
    let runs = Runs::default();
    let one = 1;
    let answer = runtime.block_on(idem.call(&PLAN, idem::key!("op:{one}"), runs.body()));
    let Err(Error::Config { reason, .. }) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("enable_time"), "{reason}");
    let entry = runtime.block_on(idem.get(&idem::key!("op:{one}")));
    assert_eq!((runs.count(), entry.unwrap()), (0, None));
}

#[test]
fn an_engine_and_its_calls_go_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    fn is_sent<T: Send>(_: &T) {}
    is_shared::<Idem>();
    is_shared::<idem::Attempt>();
    let (idem, one) = (Idem::in_memory(), 1);
    let body = || async { Ok::<u32, Error>(1) };
    is_sent(&idem.call(&PLAN, idem::key!("op:{one}"), body()));
    let returns = idem::Returns::<Result<u32, Error>>::new(Err);
    is_sent(&idem.call_with(&PLAN, idem::key!("op:{one}"), returns, body()));
    is_sent(&idem.call_detached(&PLAN, idem::key!("op:{one}"), returns, body()));
    is_sent(&with_outcome(idem.call(&PLAN, idem::key!("op:{one}"), body())));
    is_sent(&idem.shutdown(SOON));
}

/// Runs [`child`] with these variables, in a process of its own; returns what it says.
async fn child_says(variables: &[(&str, &str)]) -> String {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "engine::child", "--ignored", "--nocapture"];
    let mut child = arguments.iter().fold(Process::run(program), |child, word| child.arg(*word));
    for (name, value) in variables {
        child = child.env(*name, *value);
    }
    child.start().line_with("child:", SOON).await
}

/// What the environment comes to, and what installing twice does.
#[tokio::test]
#[ignore = "run by others, in a process of its own"]
async fn child() {
    let said = match Idem::from_env().await {
        Err(error) => format!("{} {error}", error.code()),
        Ok(idem) => {
            idem.install().unwrap();
            let again = idem.install().unwrap_err();
            assert!(matches!(again, Error::Config { .. }), "{again:?}");
            let installed = tokio::spawn(async { Idem::current().unwrap() }).await.unwrap();
            let (_, outcome) = ask(&installed, &PLAN).await;
            let one = 1;
            let issues = installed.issue_token(&idem::key!("op:{one}"), SOON).is_ok();
            format!("{outcome:?} by {installed:?}, tokens: {issues}")
        }
    };
    println!("\nchild: {said}");
}

#[tokio::test]
async fn an_engine_comes_from_the_environment() {
    let server = Server::shared(Flavour::Redis);
    let url = server.url();
    let prefix = format!("env{}", std::process::id());
    let stored = [("IDEM_REDIS_URL", &*url), ("IDEM_PREFIX", &*prefix)];
    let said = child_says(&stored).await;
    assert!(said.contains("Ran { attempt: 1, stored: true }") && said.contains(&prefix), "{said}");
    assert!(child_says(&stored).await.contains("Replayed"));
    let keys = server.client().await.keys(&format!("{prefix}*")).await;
    assert_eq!(keys, [format!("{prefix}:op:1")]);

    let said = child_says(&[]).await;
    assert!(said.contains("IDEM_REDIS_URL") && said.contains("IDEM_DATABASE_URL"), "{said}");
    assert!(child_says(&[("IDEM_REDIS_URL", "")]).await.contains("config"));
    assert!(child_says(&[("IDEM_REDIS_URL", "nonsense")]).await.contains("config"));
    for off in ["0", "false", ""] {
        assert!(child_says(&[("IDEM_DISABLED", off)]).await.contains("config"), "{off}");
    }
    for on in ["1", "true"] {
        let said =
            child_says(&[("IDEM_DISABLED", on), ("IDEM_REDIS_URL", "redis://127.0.0.1:1/")]).await;
        assert!(said.contains("Unguarded"), "{said}");
    }
    let secret = ("IDEM_TOKEN_SECRET", "32 bytes that are as they should");
    let said = child_says(&[("IDEM_DISABLED", "1"), secret]).await;
    assert!(said.contains("Unguarded") && said.contains("tokens: true"), "{said}");
    let short = child_says(&[("IDEM_DISABLED", "1"), ("IDEM_TOKEN_SECRET", "short")]).await;
    assert!(short.contains("config") && short.contains("256 bits"), "{short}");
    let said = child_says(&[("IDEM_DISABLED", "yes"), ("IDEM_REDIS_URL", &url)]).await;
    assert!(said.contains("IDEM_DISABLED") && said.contains("yes"), "{said}");
}
