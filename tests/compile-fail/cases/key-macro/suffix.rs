fn main() {
    let id = 7;
    let _ = idem::key!("charge:{id}"s);
}
