//! A crate outside of the workspace, which calls the library otherwise.

use std::fs;
use std::path::Path;
use std::process::Command;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// `crate` and rename: `shop` re-exports the library that it calls `once`, and a function in its
/// user, which does not depend on the library, names it there.
const SHOP: &str = r#"
pub use once;

#[once::idempotent(key = "renamed:{id}", strategy = "setnx", fingerprint(n), map_err = Into::into)]
pub async fn renamed(id: u8, n: u8) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(format!("{} {n} {}", once::key!("renamed:{id}"), once::attempt().fence()))
}

#[derive(once::KeyPart)]
pub struct OrderId(pub u8);
"#;

const USER: &str = r#"
#[shop::once::idempotent(
    key = "reexported:{id}",
    strategy = "setnx",
    on_err = judge,
    fingerprint(n),
    crate = shop::once
)]
async fn reexported(id: shop::OrderId, n: u8) -> Result<String, shop::once::Error> {
    Ok(format!("{} {n}", shop::once::key!("reexported:{id}", crate = shop::once)))
}

fn judge(_: &shop::once::Error) -> shop::once::OnErr {
    shop::once::OnErr::Hold
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let idem = shop::once::Idem::in_memory();
    for _ in 0..2 {
        println!("{}", runtime.block_on(idem.scope(shop::renamed(7, 6))).unwrap());
        println!("{}", runtime.block_on(idem.scope(reexported(shop::OrderId(8), 9))).unwrap());
    }
}
"#;

/// `source` is the text of `src/lib.rs`, or of `src/main.rs`.
fn package(folder: &Path, name: &str, dependencies: &str, file: &str, source: &str) {
    let folder = folder.join(name);
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src").join(file), source).unwrap();
}

#[test]
fn the_library_goes_by_another_name() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    let runtime = format!("{WORKSPACE}/idem-runtime");
    package(
        folder,
        "shop",
        &format!(
            "once = {{ path = {runtime:?}, package = \"idem-runtime\", default-features = false }}\n"
        ),
        "lib.rs",
        SHOP,
    );
    package(
        folder,
        "user",
        "shop = { path = \"../shop\" }\ntokio = { version = \"1\", features = [\"rt\", \"time\"] }\n",
        "main.rs",
        USER,
    );
    fs::write(
        folder.join("Cargo.toml"),
        "[workspace]\nmembers = [\"shop\", \"user\"]\nresolver = \"3\"\n",
    )
    .unwrap();
    // The versions that the workspace has: no registry is asked.
    fs::copy(format!("{WORKSPACE}/Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let ran = Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet", "--package", "user"])
        .current_dir(folder)
        // Kept between runs: the dependencies are built once.
        .env("CARGO_TARGET_DIR", format!("{WORKSPACE}/target/tests/outside"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .output()
        .unwrap();
    let (said, told) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said, "renamed:7 6 1\nreexported:8 9\n".repeat(2), "{told}");
}
