struct U {
    id: u64,
}
fn f(u: &U) {
    let _ = idem::key!("charge:{u.ident}");
}

fn main() {}
