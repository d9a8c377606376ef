#[derive(idem::KeyPart)]
struct A(Vec<u8>);

fn main() {}
