use idem::{Error, idempotent};

struct U {
    id: u64,
}

impl U {
    fn id(&self) -> u64 {
        self.id
    }
    fn name(&self) -> u64 {
        self.id()
    }
}

#[idempotent(key = "charge:{user.name}", strategy = "setnx")]
async fn charge(user: &U) -> Result<u64, Error> {
    user.name();
    Ok(1)
}

fn main() {}
