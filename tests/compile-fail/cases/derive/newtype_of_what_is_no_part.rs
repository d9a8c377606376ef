#[derive(idem::KeyPart)]
struct A(B);

struct B;

fn main() {}
