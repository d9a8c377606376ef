fn main2() {
    let id = String::new();
    drop(id);
    let _ = idem::key!("charge:{id}");
}

fn main() {}
