fn main() {
    let _ = idem::key!();
}
