//! How do I keep records in a store of my own?
//!
//! ```sh
//! cargo run -p examples --bin own_store          # charges once, answers the duplicate
//! cargo run -p examples --bin own_store          # another process: answers both from the record
//! ```
//!
//! [`files::Files`] is the store: three methods that read, ask the library, and write. One line
//! under `tests` holds it to all that a store promises.

mod disk;
mod files;

use std::path::PathBuf;
use std::time::Duration;

use files::Files;
use idem::{Idem, Outcome, Plan, with_outcome};

const CHARGE: Plan = Plan::setnx().ttl(Duration::from_hours(1));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("idem-own-store"), PathBuf::from);
    println!("Records are files in {}\n", folder.display());
    let idem = Idem::builder().store(Files::open(&folder)?).build().await?;

    let order = 7;
    for click in ["The first click", "The second click"] {
        let (receipt, outcome) = with_outcome(charge(&idem, order)).await;
        let how = match outcome {
            Outcome::Ran { .. } => "ran the charge",
            Outcome::Replayed { .. } => "charged nothing, and was answered from the file",
            _ => "was answered otherwise",
        };
        println!("{click} on \"pay order {order}\" {how}: {}", receipt?);
    }

    println!("\nRun it again: for an hour another process charges nothing either.");
    println!("Delete the folder to start anew.");
    Ok(())
}

async fn charge(idem: &Idem, order: u32) -> Result<String, idem::Error> {
    let body = async {
        println!("  … the card is charged now, by process {}", std::process::id());
        Ok::<_, idem::Error>(format!("receipt of process {}", std::process::id()))
    };
    idem.call(&CHARGE, idem::key!("charge:{order}"), body).await
}

#[cfg(test)]
mod tests;
