#[derive(idem::KeyPart)]
struct A<T>(T);

fn f(a: A<f64>) {
    let _ = idem::key!("charge:{a}");
}

fn main() {}
