//! What the attribute adds to a build, measured: two crates with the same thousand functions, plain
//! and guarded, are checked and built.
//!
//! `cargo run -p tests --example compile-time -- [functions] [rounds]`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Functions that store one type of result.
const SHARED: usize = 10;
/// Functions in one module.
const MODULE: usize = 50;

fn main() {
    let mut arguments = env::args().skip(1).map(|text| text.parse().expect("a number"));
    let functions = arguments.next().unwrap_or(1000);
    let rounds = arguments.next().unwrap_or(3);
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/compile-time"));
    let plain = write_crate(&root, "plain", functions, "");
    let guarded = write_crate(&root, "guarded", functions, GUARD);
    println!(
        "{functions} functions, best of {rounds} rounds; a crate's dependencies are built before"
    );
    for command in ["check", "build"] {
        let plain = measure(&plain, command, rounds);
        let guarded = measure(&guarded, command, rounds);
        for (what, plain, guarded) in
            [("elapsed", plain.elapsed, guarded.elapsed), ("processor", plain.busy, guarded.busy)]
        {
            let each = guarded.saturating_sub(plain) / u32::try_from(functions).expect("a few");
            println!(
                "cargo {command:5}  {what:9}  plain {plain:.2?}  guarded {guarded:.2?}  per \
                 function {each:.2?}"
            );
        }
    }
}

const GUARD: &str = r#"#[idem::idempotent(key = "charge_{n}:{user.id}:{number}", strategy = "setnx", ttl = "24h", on_err = "hold", fingerprint(amount))]"#;

fn write_crate(root: &Path, name: &str, functions: usize, attribute: &str) -> PathBuf {
    let folder = root.join(name);
    fs::create_dir_all(folder.join("src")).expect("a folder to write to");
    let idem = concat!(env!("CARGO_MANIFEST_DIR"), "/../idem-runtime");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         idem = {{ package = \"idem-runtime\", path = \"{idem}\" }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\n[workspace]\n"
    );
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(lock, folder.join("Cargo.lock")).expect("a lock file");
    fs::write(folder.join("src/main.rs"), source(functions, attribute)).expect("a source");
    folder
}

fn source(functions: usize, attribute: &str) -> String {
    let mut text = String::from(
        "use std::pin::Pin;\npub struct User { pub id: u64 }\n\
         pub type Answer<T> = Result<T, idem::Error>;\n\
         fn drive<T>(_: Pin<Box<dyn Future<Output = Answer<T>> + '_>>) {}\n",
    );
    let mut calls = String::new();
    for module in 0..functions.div_ceil(MODULE) {
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "mod m{module} {{\nuse super::*;");
        let _ = writeln!(calls, "m{module}::drive_all(&user);");
        let mut drives = String::new();
        for n in module * MODULE..functions.min((module + 1) * MODULE) {
            let receipt = n / SHARED * SHARED;
            if n == receipt {
                let _ = writeln!(
                    text,
                    "#[derive(serde::Serialize, serde::Deserialize)]\n\
                     pub struct Receipt{n} {{ pub number: String, pub amount: u64 }}"
                );
            }
            let attribute = attribute.replace("{n}", &n.to_string());
            let _ = writeln!(
                text,
                "{attribute}\npub async fn charge_{n}(user: &User, number: &str, amount: u64) -> \
                 Answer<Receipt{receipt}> {{\n    std::future::ready(()).await;\n    \
                 Ok(Receipt{receipt} {{ number: number.to_owned(), amount: amount + user.id }})\n}}"
            );
            let _ = writeln!(drives, "drive(Box::pin(charge_{n}(user, \"A-1\", {n})));");
        }
        let _ = writeln!(text, "pub fn drive_all(user: &User) {{\n{drives}}}\n}}");
    }
    let _ = writeln!(text, "fn main() {{ let user = User {{ id: 1 }};\n{calls}}}");
    text
}

/// What a compilation took.
#[derive(Clone, Copy)]
struct Cost {
    elapsed: Duration,
    /// The processor's time of cargo and all that it ran, which other work on the machine hardly
    /// disturbs. Zero where `/proc` does not tell.
    busy: Duration,
}

/// The best cost of some rounds, in each of which the crate alone is compiled anew.
fn measure(folder: &Path, command: &str, rounds: usize) -> Cost {
    run(folder, command);
    let times = (0..rounds).map(|_| {
        let main = folder.join("src/main.rs");
        let text = fs::read_to_string(&main).expect("a source");
        fs::write(&main, text).expect("a source");
        let (start, before) = (Instant::now(), children());
        run(folder, command);
        Cost { elapsed: start.elapsed(), busy: children().saturating_sub(before) }
    });
    times
        .reduce(|a, b| Cost { elapsed: a.elapsed.min(b.elapsed), busy: a.busy.min(b.busy) })
        .expect("one round at least")
}

/// The processor's time of all child processes that have ended.
fn children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields after the name, which is in parentheses; a tick is 10 ms on Linux.
    let ticks = stat.rsplit_once(')').map_or(0, |(_, fields)| {
        fields.split_whitespace().skip(13).take(2).filter_map(|t| t.parse::<u64>().ok()).sum()
    });
    Duration::from_millis(10 * ticks)
}

fn run(folder: &Path, command: &str) {
    let status = Command::new(env!("CARGO"))
        .args([command, "--quiet", "--offline"])
        .current_dir(folder)
        // Both share what they depend on. An incremental build would measure what did not change.
        .env("CARGO_TARGET_DIR", folder.join("../target"))
        .env("CARGO_INCREMENTAL", "0")
        .stderr(Stdio::inherit())
        .status()
        .expect("cargo starts");
    assert!(status.success(), "cargo {command} in {}", folder.display());
}
