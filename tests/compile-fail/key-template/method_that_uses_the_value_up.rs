use idem::{Error, idempotent};

struct Order(String);

impl Order {
    fn into_number(self) -> String {
        self.0
    }
}

#[idempotent(key = "charge:{order.into_number()}", strategy = "setnx")]
async fn charge(order: Order) -> Result<u64, Error> {
    drop(order);
    Ok(1)
}

fn main() {}
