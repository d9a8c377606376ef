fn main() {
    let (user, order) = (1, 2);
    let _ = idem::key!("pay:{user}:{user}");
    drop((user, order));
}
