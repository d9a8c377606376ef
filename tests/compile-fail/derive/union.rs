use idem::KeyPart;

#[derive(KeyPart)]
union Either {
    a: u64,
    b: u32,
}

fn main() {}
