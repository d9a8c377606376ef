//! URLs, users, passwords and protocols.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, Idem, Plan};
use kit::proxy::Proxy;
use kit::redis::{Client, Flavour, Server};

use crate::spoken::{PATIENT, SOON, Spoken, assert_replays, call};

const PLAN: Plan = Plan::setnx();

however_spoken! {
    a_wrong_password_is_a_fault_of_configuration
    a_password_that_is_changed_later_is_an_outage
    a_user_of_few_rights_is_enough
    a_right_that_is_missing_is_a_fault_of_configuration
    a_user_that_loses_its_rights_is_an_outage
    a_database_number_is_kept
    a_server_without_hello_is_spoken_to
}

#[tokio::test]
async fn a_url_that_is_none_is_a_fault_of_configuration() {
    for url in ["", "127.0.0.1", "http://127.0.0.1/", "redis://", "redis://127.0.0.1/one"] {
        let error = Idem::builder().redis(url).build().await.expect_err(url);
        assert!(matches!(error, Error::Config { .. }), "{url}: {error:?}");
    }
}

async fn refused(spoken: Spoken, url: &str) -> Error {
    match spoken.builder(url, PATIENT).await {
        Ok(builder) => builder.build().await.expect_err(url),
        Err(error) => error,
    }
}

async fn a_wrong_password_is_a_fault_of_configuration(spoken: Spoken) {
    let server = Server::with(spoken.flavour()).password("right").start();
    let address = server.address();
    for credentials in [":wrong@", "", "nobody:right@"] {
        let error = refused(spoken, &format!("redis://{credentials}{address}/")).await;
        let told = matches!(&error, Error::Config { reason, .. } if reason.contains("password"));
        assert!(told, "{credentials}: {error:?}");
        assert!(!error.to_string().contains("right"), "{error}");
    }
    let idem = spoken.engine(&server.url(), PATIENT).await;
    call(&idem, PLAN, "1", &AtomicUsize::new(0)).await.0.unwrap();
}

async fn drop_clients(client: &mut Client) {
    client.run::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
}

async fn a_password_that_is_changed_later_is_an_outage(spoken: Spoken) {
    let server = Server::with(spoken.flavour()).password("right").start();
    let mut client = server.client().await;
    let idem = spoken.engine(&server.url(), Duration::from_secs(2)).await;
    let runs = AtomicUsize::new(0);
    client.config_set("requirepass", "other").await;
    drop_clients(&mut client).await;
    let (answer, _) = call(&idem, PLAN, "1", &runs).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    client.config_set("requirepass", "right").await;
    // A refusal speaks for the calls of the next moment too.
    kit::wait_for("a call to run", SOON, async || call(&idem, PLAN, "1", &runs).await.0.is_ok())
        .await;
    assert_eq!(runs.into_inner(), 1);
}

/// What the documentation tells people to grant.
const RIGHTS: [&str; 11] = [
    "resetkeys",
    "~idem:*",
    "-@all",
    "+set",
    "+psetex",
    "+get",
    "+getrange",
    "+pttl",
    "+pexpire",
    "+eval",
    "+evalsha",
];

async fn a_user_of_few_rights_is_enough(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    for more in [&["+hello", "+info", "+time"][..], &["+time"]] {
        client
            .run::<()>(&[&["ACL", "SETUSER", "app", "on", ">secret"][..], &RIGHTS, more].concat())
            .await;
        let url = format!("redis://app:secret@{}/", server.address());
        let idem = spoken.warm_engine(&url, PATIENT).await;
        let (key, runs) = (format!("1-{}", more.len()), AtomicUsize::new(0));
        call(&idem, PLAN, &key, &runs).await.0.unwrap();
        assert_replays(&idem, &key, 1).await;
    }
    // The time is for counting alone.
    client.run::<()>(&["ACL", "SETUSER", "app", "-time"]).await;
    let url = format!("redis://app:secret@{}/", server.address());
    let idem = spoken.engine(&url, PATIENT).await;
    let (key, runs) = ("2", AtomicUsize::new(0));
    call(&idem, PLAN, key, &runs).await.0.unwrap();
    let entry = idem.get(&idem::key!("op:{key}")).await.unwrap();
    assert!(entry.is_some_and(|entry| entry.attempts == 1));
    let (answer, _) = call(&idem, Plan::count(), "3", &runs).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
}

/// Also one that the first call would not miss: renewing is a script everywhere.
async fn a_right_that_is_missing_is_a_fault_of_configuration(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let url = format!("redis://app:secret@{}/", server.address());
    let mut user = async |change: &str| {
        let anew = ["ACL", "SETUSER", "app", "reset", "on", ">secret"];
        client.run::<()>(&[&anew[..], &RIGHTS, &[change]].concat()).await;
    };
    for (change, named) in [
        ("-set", "'set' command"),
        ("-get", ": get in a script"),
        ("-getrange", ": getrange in a script"),
        ("-psetex", ": psetex in a script"),
        ("-pttl", ": pttl in a script"),
        ("-pexpire", ": pexpire in a script"),
        ("-eval", "'eval' command"),
        ("-evalsha", "'evalsha' command"),
        ("-@scripting", "'eval' command"),
        ("resetkeys", "key"),
    ] {
        user(change).await;
        let error = refused(spoken, &url).await;
        assert!(matches!(error, Error::Config { .. }), "{change}: {error}");
        let told = error.to_string();
        let rights = ["+evalsha", "+time"].iter().all(|right| told.contains(right));
        assert!(told.contains(named) && rights, "{change}: {told}");
    }
    user("+info").await;
    spoken.engine(&url, PATIENT).await;
    assert_eq!(client.keys("*").await, [""; 0], "asking writes nothing");
}

async fn a_user_that_loses_its_rights_is_an_outage(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    client.run::<()>(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all"]).await;
    let url = format!("redis://app:secret@{}/", server.address());
    let idem = spoken.engine(&url, PATIENT).await;
    let runs = AtomicUsize::new(0);
    client.run::<()>(&["ACL", "SETUSER", "app", "-@all"]).await;
    let (answer, _) = call(&idem, PLAN, "1", &runs).await;
    assert!(matches!(answer, Err(Error::Outage { .. })), "{answer:?}");
    client.run::<()>(&["ACL", "SETUSER", "app", "+@all"]).await;
    assert_eq!(call(&idem, PLAN, "1", &runs).await.0.unwrap(), 1);
}

async fn a_database_number_is_kept(spoken: Spoken) {
    let server = Server::start(spoken.flavour());
    let mut client = server.client().await;
    let idem = spoken.engine(&format!("{}3", server.url()), PATIENT).await;
    let runs = AtomicUsize::new(0);
    call(&idem, PLAN, "1", &runs).await.0.unwrap();
    drop_clients(&mut client).await;
    assert_replays(&idem, "1", 1).await;
    call(&idem, PLAN, "2", &runs).await.0.unwrap();
    assert!(client.keys("*").await.is_empty());
    client.run::<()>(&["SELECT", "3"]).await;
    assert_eq!(client.keys("*").await, ["idem:op:1", "idem:op:2"]);
}

/// One that speaks RESP2 alone does not tell when it closes a connection.
async fn a_server_without_hello_is_spoken_to(spoken: Spoken) {
    let without = Server::with(spoken.flavour()).config("rename-command", "HELLO ");
    let server = without.password("right").start();
    let idem = spoken.warm_engine(&server.url(), PATIENT).await;
    let mut client = server.client().await;
    let runs = AtomicUsize::new(0);
    for key in ["1", "2"] {
        call(&idem, PLAN, key, &runs).await.0.unwrap();
        drop_clients(&mut client).await;
        assert_replays(&idem, key, runs.load(std::sync::atomic::Ordering::Relaxed)).await;
    }
    let url = format!("redis://:wrong@{}/", server.address());
    let error = refused(spoken, &url).await;
    assert!(matches!(error, Error::Config { .. }), "{error:?}");
}

/// Also what is asked at each connect stays under the prefix, in the form that names give it.
#[tokio::test]
async fn a_prefix_that_names_encode_is_asked_about_in_that_form() {
    let server = Server::start(Flavour::Redis);
    let mut monitor = server.monitor().await;
    Idem::builder().redis(server.url()).prefix("my shop").build().await.unwrap();
    let asked = monitor.seen_with("#probe").await;
    assert!(!asked.is_empty(), "it is asked");
    assert!(asked.iter().all(|command| command.contains("my%20shop:#probe")), "{asked:?}");
}

#[tokio::test]
async fn a_server_without_scripts_is_a_fault_of_configuration() {
    let server = Server::with(Flavour::Redis).config("rename-command", "EVALSHA ").start();
    let error = Idem::builder().redis(server.url()).build().await.unwrap_err();
    let told = matches!(&error, Error::Config { reason, .. } if reason.contains("EVALSHA"));
    assert!(told && !error.to_string().contains("probe"), "{error:?}");
}

/// One that is met later repeats what was sent to it, and that goes into errors and logs.
#[tokio::test]
async fn a_server_without_scripts_gives_no_key_away() {
    let before = Server::start(Flavour::Redis);
    let server = Server::with(Flavour::Redis).config("rename-command", "EVALSHA ").start();
    let proxy = Proxy::start(before.address()).await;
    let idem = Idem::builder().redis(before.url_by_way_of(proxy.address())).build().await.unwrap();
    proxy.redirect(server.address());
    proxy.cut_all();
    let key = "of-a-customer";
    let error = idem.get(&idem::key!("op:{key}")).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(told.contains("EVALSHA") && !told.contains(key), "{told}");
}
