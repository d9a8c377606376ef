use idem::KeyPart;

#[derive(KeyPart)]
struct Price(f64);

fn main() {}
