use idem::{Error, idempotent};

macro_rules! guarded {
    ($name:ident, $key:literal) => {
        #[idempotent(key = $key, strategy = "setnx")]
        async fn $name(hidden: u64) -> Result<u64, Error> {
            Ok(hidden)
        }
    };
}

guarded!(charge, "charge:{hiden}");

fn main() {}
