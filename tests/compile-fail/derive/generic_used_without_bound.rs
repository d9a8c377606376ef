use idem::KeyPart;

#[derive(KeyPart)]
struct Id<T>(T);

fn main() {
    let id = Id(1.5);
    let _ = idem::key!("charge:{id}");
}
