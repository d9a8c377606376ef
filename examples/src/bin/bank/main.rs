//! Does money move exactly once when the bank is killed again and again?
//!
//! ```text
//! cargo run -p examples --bin bank
//! cargo run -p examples --bin bank -- postgres://localhost/shop
//! cargo run -p examples --bin bank -- mysql://localhost/shop
//! ```
//!
//! Transfers between ten accounts, each delivered at least twice, by a process that is killed
//! (`kill -9`) in the middle of its work and started again, ten times. Each transfer is two entries and
//! two balances, in one transaction with its claim and its result: `tx = tx`. At the end the books are
//! checked. Without a URL the bank is SQLite, in a temporary folder.
//!
//! | file | |
//! |---|---|
//! | `transfer` | what is delivered, and what it must come to |
//! | `books` | the bank: the guarded function, on each database |
//! | `teller` | the process that is killed |

mod books;
mod teller;
mod transfer;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;

use books::{Bank, Books};
use transfer::{Transfer, all_transfers, balances};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Transfers that are delivered again and again to a bank that is killed again and again.
#[derive(Debug, Parser)]
struct Args {
    /// The database, `postgres://…`, `mysql://…` or `sqlite://…`; SQLite in a temporary folder unless given
    url: Option<String>,

    /// How often the bank is killed
    #[arg(long, default_value_t = 10)]
    kills: u32,

    /// Be the process that is killed
    #[arg(long, hide = true)]
    teller: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("bank: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<bool, Fault> {
    let folder = std::env::temp_dir().join(format!("idem-bank-{}", std::process::id()));
    let url = args.url.clone().unwrap_or_else(|| format!("sqlite://{}/bank.db", folder.display()));
    let transfers = all_transfers();
    if args.teller {
        teller::work(&Bank::open(&url).await?, &transfers).await?;
        return Ok(true);
    }
    if args.url.is_none() {
        std::fs::create_dir_all(&folder)?;
    }
    let bank = Bank::open(&url).await?;
    bank.set_up().await?;
    let mut answered = HashSet::new();
    for life in 0..args.kills {
        // Each lives a little longer than the one before.
        let patience = Duration::from_millis(100 + 40 * u64::from(life));
        answered.extend(one_life(&url, Some(patience))?);
        println!(
            "killed after {patience:?}; {} of {} answered so far",
            answered.len(),
            transfers.len()
        );
    }
    answered.extend(one_life(&url, None)?);
    let books = bank.books().await?;
    println!("lived to the end; {} of {} answered", answered.len(), transfers.len());
    let sound = report(&transfers, answered.len(), &books);
    if args.url.is_none() {
        let _ = std::fs::remove_dir_all(folder);
    }
    Ok(sound)
}

/// Lets a teller work until it ends or its time is up; returns the transfers that it has answered.
fn one_life(url: &str, patience: Option<Duration>) -> Result<Vec<String>, Fault> {
    let mut teller = Command::new(std::env::current_exe()?)
        .args(["--teller", url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(teller.stdout.take().ok_or("a teller without output")?).lines();
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    if let Some(patience) = patience {
        std::thread::sleep(patience);
        teller.kill()?; // SIGKILL
    }
    let ended = teller.wait()?;
    if patience.is_none() && !ended.success() {
        return Err("the last teller did not get to its end".into());
    }
    reader.join().map_err(|_| "a teller's output can't be read".into())
}

/// Whether the books are what the transfers make of them.
fn report(transfers: &[Transfer], answered: usize, books: &Books) -> bool {
    let expected = balances(transfers);
    let (entries, must) = (books.entries, 2 * transfers.len());
    let (sum, must_sum) = (books.balances.iter().sum::<i64>(), expected.iter().sum::<i64>());
    println!();
    println!("entries in the books   {entries:>8}   two for each transfer: {must}");
    println!("sum of all accounts    {sum:>8}   as at the beginning:   {must_sum}");
    for (account, (balance, expected)) in books.balances.iter().zip(&expected).enumerate() {
        let mark = if balance == expected { "" } else { "   WRONG" };
        println!(
            "account {account}              {balance:>8}   by hand:               {expected}{mark}"
        );
    }
    let sound = entries == must && books.balances == expected && answered == transfers.len();
    println!();
    println!("{}", if sound { "exactly once" } else { "NOT exactly once" });
    sound
}
