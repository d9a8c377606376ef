use idem::{Error, idempotent};

struct M {
    v: String,
}

impl M {
    fn take(self) -> String {
        self.v
    }
}

#[idempotent(key = "charge:{id}", strategy = "setnx", fingerprint(m.take()))]
async fn charge(id: u64, m: M) -> Result<u64, Error> {
    drop(m);
    Ok(id)
}

fn main() {}
