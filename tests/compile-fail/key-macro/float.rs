fn main() {
    let amount = 1.5_f64;
    let _ = idem::key!("charge:{amount}");
}
