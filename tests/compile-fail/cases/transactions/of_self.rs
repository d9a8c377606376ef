use idem::{Error, idempotent};

struct Accounts;

impl Accounts {
    #[idempotent(key = "pay:{order}", strategy = "db", tx = self)]
    async fn pay(&mut self, order: u64) -> Result<u64, Error> {
        Ok(order)
    }
}

fn main() {}
