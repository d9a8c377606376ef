//! The suite that every store passes, on each of ours; and that it finds the mistakes which stores
//! make. Its rules are C22, C22c, C101, C103 and C105, on each store and each dialect (C111).

#[path = "conformance/broken.rs"]
mod broken;
#[path = "conformance/caught.rs"]
mod caught;
#[path = "conformance/databases.rs"]
mod databases;
#[path = "conformance/miscounting.rs"]
mod miscounting;
#[path = "conformance/mistake.rs"]
mod mistake;

use broken::Broken;
use idem::store::{Dialect, Memory, Name, Redis, RedisOptions};
use kit::redis::{Flavour, Server};

idem::conformance!(memory, || async { Memory::new() }, counts);
idem::conformance!(redis, || nodes(Flavour::Redis, Dialect::Native), counts, plant = in_redis);
idem::conformance!(scripts, || nodes(Flavour::Redis, Dialect::Scripts), counts, plant = in_redis);
idem::conformance!(valkey, || nodes(Flavour::Valkey, Dialect::Native), counts, plant = in_valkey);
// What the mistakes are made in, without one. Its line leaves it to the store to say that it counts.
idem::conformance!(unbroken, || async { Broken::by(caught::asked()) }, plant = Broken::plant);

async fn nodes(flavour: Flavour, dialect: Dialect) -> [Redis; 2] {
    let url = Server::shared(flavour).url();
    let timeout = std::time::Duration::from_secs(20);
    let node = async || {
        let options = RedisOptions::default().timeout(timeout).at_most(dialect);
        Redis::connect(&url, &options).await.unwrap()
    };
    [node().await, node().await]
}

async fn in_redis(_: &Redis, name: &Name, bytes: &[u8]) {
    plant(Flavour::Redis, name, bytes).await;
}

async fn in_valkey(_: &Redis, name: &Name, bytes: &[u8]) {
    plant(Flavour::Valkey, name, bytes).await;
}

async fn plant(flavour: Flavour, name: &Name, bytes: &[u8]) {
    let mut client = Server::shared(flavour).client().await;
    client.run::<()>(&[b"SET", name.as_bytes(), bytes, b"PX", b"120000"]).await;
}
