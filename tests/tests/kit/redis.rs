use std::time::{Duration, Instant};

use kit::redis::{Flavour, Server};
use tokio::time::timeout;

const SCRIPT: &str = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])";

#[tokio::test]
async fn each_flavour_is_what_it_says() {
    for flavour in Flavour::ALL {
        let mut client = Server::shared(flavour).client().await;
        let info: String = client.run(&["INFO", "server"]).await;
        assert_eq!(info.contains("server_name:valkey"), flavour == Flavour::Valkey);
        let compared = client.try_run::<()>(&["SET", "ifeq", "new", "IFEQ", "old"]).await;
        assert_eq!(compared.is_ok(), flavour == Flavour::Valkey, "{compared:?}");
    }
}

#[test]
fn a_server_starts_quickly() {
    for flavour in Flavour::ALL {
        let started = Instant::now();
        let server = Server::start(flavour);
        // Far above what it takes, since the machine may be busy; it is here to be read.
        println!("{:?} started in {:?}", server.flavour(), started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn data_outlive_a_kill_only_with_a_log() {
    for flavour in Flavour::ALL {
        for (append_only, kept) in [("yes", Some("value")), ("no", None)] {
            let mut server = Server::with(flavour).config("appendonly", append_only).start();
            let url = server.url();
            server.client().await.run::<()>(&["SET", "key", "value"]).await;
            server.kill();
            server.start_again();
            assert_eq!(server.url(), url);
            let found: Option<String> = server.client().await.run(&["GET", "key"]).await;
            assert_eq!(found.as_deref(), kept, "{flavour:?}");
        }
    }
}

#[tokio::test]
async fn a_server_stops_and_restarts() {
    for flavour in Flavour::ALL {
        let mut server = Server::with(flavour).config("appendonly", "yes").start();
        server.client().await.run::<()>(&["SET", "key", "value"]).await;
        server.restart();
        assert_eq!(server.client().await.run::<String>(&["GET", "key"]).await, "value");
        server.pause();
        server.stop();
        assert!(tokio::net::TcpStream::connect(server.address()).await.is_err());
    }
}

#[tokio::test]
async fn a_paused_server_answers_late() {
    let mut server = Server::start(Flavour::Redis);
    let mut client = server.client().await;
    server.pause();
    let mut asking = Box::pin(client.run::<()>(&["SET", "key", "value"]));
    assert!(timeout(Duration::from_millis(50), &mut asking).await.is_err());
    server.resume();
    asking.await;
}

#[tokio::test]
async fn a_password_is_asked_for() {
    for flavour in Flavour::ALL {
        let server = Server::with(flavour).password("sesame").start();
        let mut client = server.client().await;
        client.run::<()>(&["SET", "key", "value"]).await;
        server.monitor().await;
        let without = redis::Client::open(format!("redis://{}/", server.address())).unwrap();
        let refused = async {
            let mut connection = without.get_multiplexed_async_connection().await?;
            redis::cmd("GET").arg("key").query_async::<()>(&mut connection).await
        };
        assert!(refused.await.is_err());
    }
}

#[tokio::test]
async fn a_replica_follows_its_primary() {
    for flavour in Flavour::ALL {
        let primary = Server::with(flavour).password("sesame").start();
        primary.client().await.run::<()>(&["SET", "key", "value"]).await;
        let replica = Server::with(flavour).replica_of(&primary).start();
        let mut client = replica.client().await;
        client.wait_until_replicating().await;
        assert_eq!(client.run::<String>(&["GET", "key"]).await, "value");
        assert!(client.try_run::<()>(&["SET", "key", "other"]).await.is_err());
        client.run::<()>(&["REPLICAOF", "NO", "ONE"]).await;
        client.run::<()>(&["SET", "key", "other"]).await;
    }
}

#[tokio::test]
async fn commands_are_counted_without_a_connections_own() {
    for flavour in Flavour::ALL {
        let server = Server::start(flavour);
        let mut client = server.client().await;
        let (value, stats) = client
            .command_stats_of(async {
                let mut other = server.client().await;
                other.run::<()>(&["SET", "key", "value"]).await;
                other.run::<String>(&["EVAL", SCRIPT, "1", "key", "other"]).await
            })
            .await;
        assert_eq!(value, "other");
        assert_eq!(stats.iter().collect::<Vec<_>>(), [("eval", 1), ("get", 1), ("set", 2)]);
        assert_eq!((stats.total(), stats.calls("del")), (4, 0));
    }
}

#[tokio::test]
async fn a_monitor_sees_what_clients_send() {
    for flavour in Flavour::ALL {
        let server = Server::shared(flavour);
        let mut monitor = server.monitor().await;
        let mut client = server.client().await;
        client.run::<()>(&["SET", "monitored", "a\"\0"]).await;
        client.run::<String>(&["EVAL", SCRIPT, "1", "monitored", "v"]).await;
        let unknown = ["EVALSHA", "0123456789012345678901234567890123456789", "1", "monitored"];
        assert!(client.try_run::<()>(&unknown).await.is_err());
        let seen = monitor.seen_with("monitored").await;
        let eval = format!("EVAL {SCRIPT} 1 monitored v");
        assert_eq!(seen, [r#"SET monitored a"\x00"#, &eval, &unknown.join(" ")], "{flavour:?}");
        assert!(monitor.seen_with("monitored").await.is_empty());
    }
}

#[tokio::test]
async fn a_server_is_looked_into_and_emptied() {
    for flavour in Flavour::ALL {
        let server = Server::start(flavour);
        let mut client = server.client().await;
        client.run::<()>(&["MSET", "b:1", "", "a:2", "", "a:1", ""]).await;
        assert_eq!(client.keys("a:*").await, ["a:1", "a:2"]);
        client.flushall().await;
        assert!(client.keys("*").await.is_empty());

        let script: String = client.run(&["SCRIPT", "LOAD", SCRIPT]).await;
        client.script_flush().await;
        let refused = client.try_run::<()>(&["EVALSHA", &script, "1", "k", "v"]).await;
        assert_eq!(refused.unwrap_err().code(), Some("NOSCRIPT"));

        client.config_set("maxmemory", "1").await;
        assert!(client.try_run::<()>(&["SET", "key", "value"]).await.is_err());
    }
}
