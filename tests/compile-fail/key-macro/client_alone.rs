use idem::IdempotencyKey;

fn main() {
    let key: IdempotencyKey = "x".parse().unwrap();
    let _ = idem::key!("charge:{key}");
}
