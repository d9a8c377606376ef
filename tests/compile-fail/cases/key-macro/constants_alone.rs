const TENANT: &str = "acme";

fn main() {
    let _ = idem::key!("charge:{TENANT}");
}
