use idem::{Error, idempotent};

mod shop {
    pub struct Order {
        id: u64,
    }

    impl Order {
        pub fn number(&self) -> u64 {
            self.id
        }
    }
}

#[idempotent(key = "charge:{order.id}", strategy = "setnx")]
async fn charge(order: shop::Order) -> Result<u64, Error> {
    Ok(order.number())
}

fn main() {}
