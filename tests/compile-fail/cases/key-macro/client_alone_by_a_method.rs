fn key(sent: idem::IdempotencyKey) -> idem::Key {
    idem::key!("charge:{sent.as_str()}")
}

fn main() {}
