// mistakes: 2
use idem::KeyPart;

#[derive(KeyPart)]
enum Id {
    Number(u64),
    Name { text: String },
    None,
}

fn main() {}
