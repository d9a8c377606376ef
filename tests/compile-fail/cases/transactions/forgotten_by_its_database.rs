use idem::{Error, idempotent};

mod sqlx {
    pub struct Transaction<'t, D>(pub &'t D);
    pub struct Sqlite;
}

struct Shop;

impl Shop {
    #[idempotent(key = "pay:{order}", strategy = "db", wait = "5s")]
    async fn pay(
        &self,
        open: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
        order: u64,
    ) -> Result<u64, Error> {
        let _ = open;
        Ok(order)
    }
}

fn main() {}
