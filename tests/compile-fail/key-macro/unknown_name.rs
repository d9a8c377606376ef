fn main() {
    let order = 7;
    let _ = idem::key!("charge:{oder}");
    let _ = order;
}
