fn main() {
    let template = "charge:{id}";
    let _ = idem::key!(template);
}
