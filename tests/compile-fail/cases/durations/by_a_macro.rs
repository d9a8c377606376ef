use idem::{Error, idempotent};

macro_rules! guarded {
    ($name:ident, $ttl:expr) => {
        #[idempotent(key = "charge:{id}", strategy = "setnx", ttl = $ttl)]
        async fn $name(id: u64) -> Result<u64, Error> {
            Ok(id)
        }
    };
}

guarded!(charge, "24 h");

fn main() {}
