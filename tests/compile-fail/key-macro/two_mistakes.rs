// mistakes: 2
fn main() {
    let id = 7;
    let _ = idem::key!("charge:{id:?}:{}");
    let _ = id;
}
