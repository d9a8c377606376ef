// mistakes: 2
#[derive(idem::KeyPart)]
enum A {
    B(),
    C {},
}

fn main() {}
