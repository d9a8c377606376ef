fn main2() {
    let id = Some(1);
    let _ = idem::key!("charge:{id}");
}

fn main() {}
