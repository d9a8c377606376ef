use idem::KeyPart;

#[derive(KeyPart)]
struct Pair(u64, u64);

fn main() {}
