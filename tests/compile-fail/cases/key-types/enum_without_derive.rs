use idem::{Error, idempotent};

enum Channel {
    Web,
}

#[idempotent(key = "charge:{c}", strategy = "setnx")]
async fn charge(c: Channel) -> Result<u64, Error> {
    match c {
        Channel::Web => Ok(1),
    }
}

fn main() {}
