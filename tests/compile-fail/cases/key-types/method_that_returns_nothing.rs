use idem::{Error, idempotent};

struct U {
    id: u64,
}

impl U {
    fn go(&self) {
        let _ = self.id;
    }
}

#[idempotent(key = "charge:{user.go()}", strategy = "setnx")]
async fn charge(user: &U) -> Result<u64, Error> {
    let _ = user;
    Ok(1)
}

fn main() {}
