use idem::origin::Client;
use idem::{Error, KeyPart, idempotent};

#[idempotent(key = "charge:{key}", strategy = "setnx", fingerprint = "off")]
async fn charge<K: KeyPart<Origin = Client>>(key: K) -> Result<u64, Error> {
    drop(key);
    Ok(1)
}

fn main() {}
