use idem::idempotent;

type Answer = Vec<u8>;

#[idempotent(key = "charge:{id}", strategy = "setnx")]
async fn charge(id: u64) -> Answer {
    vec![id as u8]
}

fn main() {}
