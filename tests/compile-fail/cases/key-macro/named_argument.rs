fn main2() {
    let id = 1;
    let _ = idem::key!("charge:{id}", id = id);
}

fn main() {}
