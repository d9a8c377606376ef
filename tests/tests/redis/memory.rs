//! What a record costs in memory: the numbers of `docs/guide/choosing.md`, printed again by
//! `cargo test -p tests --test redis what_a_record_costs -- --nocapture`.

use idem::{Error, Idem, Plan};
use kit::redis::{Client, Flavour, Server};

/// As the README's `charge`: a user and the number of an order.
const KEY: &str = "shop:charge:4711:100000";

/// Copies what stands under a key to as many others of its length, with its time to live.
const COPY: &str = "
    local record, ttl = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
    for copy = 1, ARGV[1] do
        redis.call('SET', string.sub(KEYS[1], 1, -7) .. (100000 + copy), record, 'PX', ttl)
    end";

const COPIES: usize = 50_000;

async fn charge(idem: &Idem, result: usize, compared: bool) {
    let (user, number) = (4711, 100_000);
    let key = idem::key!("charge:{user}:{number}");
    let key = if compared { key.fingerprint(&12_900) } else { key };
    // With its quotes.
    let body = async { Ok::<_, Error>("r".repeat(result - 2)) };
    idem.call(&Plan::setnx(), key, body).await.unwrap();
}

/// All that the server has allocated.
async fn allocated(client: &mut Client) -> usize {
    let info: String = client.run(&["INFO", "memory"]).await;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    line.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn what_a_record_costs() {
    for flavour in Flavour::ALL {
        for (result, compared) in [(60, false), (60, true), (300, false), (300, true)] {
            let server = Server::start(flavour);
            let mut client = server.client().await;
            let idem = Idem::builder().redis(server.url()).prefix("shop").build().await.unwrap();
            charge(&idem, result, compared).await;
            let one: usize = client.run(&["MEMORY", "USAGE", KEY]).await;
            let before = allocated(&mut client).await;
            client.run::<()>(&["EVAL", COPY, "1", KEY, &COPIES.to_string()]).await;
            let each = (allocated(&mut client).await - before) / COPIES;
            println!(
                "{flavour:?}, a result of {result} bytes, {} fingerprint: MEMORY USAGE {one}, with \
                 the tables of keys and times {each}",
                if compared { "with a" } else { "without" }
            );
            // What the guide says, give or take what allocators and hosts' names differ by.
            let said = result + if compared { 250 } else { 220 };
            assert!((said / 2..said * 3 / 2).contains(&each), "{each}");
        }
    }
}
