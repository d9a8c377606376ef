//! The runtime is found under whatever name a `Cargo.toml` gives it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const RUNTIME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../idem-runtime");
const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");

/// Checks a crate that has the runtime as this dependency, and calls it so.
fn check(dependency: &str, renames: &str, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(dependency);
    fs::create_dir_all(folder.join("src")).expect("a folder to write to");
    let manifest = format!(
        "[package]\nname = \"user\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         {dependency} = {{ {renames}path = \"{RUNTIME}\", default-features = false }}\n\n\
         [workspace]\n"
    );
    let source = format!(
        "#![deny(warnings)]\n\
         #[derive({name}::KeyPart)]\npub struct Id(u64);\n\n\
         #[{name}::idempotent(key = \"charge:{{id}}\", strategy = \"setnx\")]\n\
         pub async fn charge(id: Id) -> Result<u64, {name}::Error> {{\n    \
         let _ = {name}::key!(\"charge:{{id}}\");\n    Ok(id.0)\n}}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(folder.join("src/lib.rs"), source).expect("a source");
    fs::copy(LOCK, folder.join("Cargo.lock")).expect("a lock file");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/renamed"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn any_name_will_do() {
    const RENAMES: &str = "package = \"idem-runtime\", ";
    check("idem", RENAMES, "idem");
    check("guard", RENAMES, "guard");
    // Cargo calls a dependency that is not renamed after the library.
    check("idem-runtime", "", "idem");
}
