use idem::KeyPart;

#[derive(KeyPart)]
struct Maybe {
    id: Option<u64>,
}

fn main() {}
