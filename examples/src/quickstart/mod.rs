//! What does `#[idempotent]` do to real webhook deliveries?
//!
//! A payment provider delivers an event at least once. This reads such deliveries, handles them
//! with many workers, once by a bare handler and once by the same handler under `#[idempotent]`,
//! and counts what each did to the money. Read `handler.rs` first: it is all that a service would
//! have of this. Then, in the order of the work:
//!
//! | file | |
//! |---|---|
//! | `args`, `delivery`, `intake` | the command line, a delivery, a file of them |
//! | `broker`, `workers` | the queue, and the tasks that take from it |
//! | `answer` | what the handler's outcome means to a queue |
//! | `provider`, `ledger` | where the money moves, and the file that proves it |
//! | `processes`, `child`, `wire` | `--redis`: workers that are processes, one of them killed |
//! | `tally`, `money`, `table`, `report` | counting, and saying it |

mod answer;
mod args;
mod broker;
mod child;
mod delivery;
mod engine;
mod handler;
mod intake;
mod ledger;
mod money;
mod problem;
mod processes;
mod provider;
mod report;
mod table;
mod tally;
mod wire;
mod workers;

use std::collections::HashMap;
use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

pub use args::Args;

use broker::Broker;
use delivery::Delivery;
use intake::Intake;
use ledger::{Folder, Ledger};
use problem::Problem;
use provider::Provider;
use report::Setting;
use table::Paint;
use tally::Half;
use wire::Job;
use workers::Mode;

/// Ran, but not everything was handled.
const INCOMPLETE: u8 = 3;

/// Runs the example and says how it went, by what it prints and by the exit status.
pub async fn run(args: Args) -> ExitCode {
    if args.child {
        return child::run().await;
    }
    match show(&args).await {
        Ok(status) => status,
        // Whoever read the report has read enough of it.
        Err(Problem::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let _ = writeln!(io::stderr(), "quickstart: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn show(args: &Args) -> Result<ExitCode, Problem> {
    let intake = intake::read(args.file.as_deref())?;
    for bad in &intake.unreadable {
        let _ = writeln!(io::stderr(), "{}:{}: {}", intake.name, bad.line, bad.reason);
    }
    let complete = if intake.deliveries.is_empty() {
        print(&format!("There are no deliveries in {}.\n", intake.name))?;
        true
    } else {
        compare(args, &intake).await?
    };
    let all = complete && intake.unreadable.is_empty();
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

/// Runs both halves and prints the report. Whether every delivery was settled.
async fn compare(args: &Args, intake: &Intake) -> Result<bool, Problem> {
    let folder = Folder::create().map_err(Problem::Ledger)?;
    let processes = args.redis.is_some().then_some(args.processes);
    let setting = Setting { workers: args.workers, processes };
    let (bare, guarded);
    match &args.redis {
        None => {
            engine::in_memory().install()?;
            bare = in_tasks(Mode::Bare, args, intake, &folder).await?;
            guarded = in_tasks(Mode::Guarded, args, intake, &folder).await?;
        }
        Some(url) => {
            let job = Job {
                redis: url.clone(),
                prefix: format!("quickstart-{}", ledger::run_name()),
                ledger: folder.file("guarded"),
                stall: most_delivered(&intake.deliveries),
            };
            // Asked here first: one clear error, before anything has begun.
            engine::over_redis(&job.redis, &job.prefix).await?;
            bare = in_tasks(Mode::Bare, args, intake, &folder).await?;
            guarded = in_processes(args, intake, &job).await?;
        }
    }
    let colour = io::stdout().is_terminal()
        && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb");
    print(&report::render(intake, setting, &bare, &guarded, Paint { colour }))?;
    let mut complete = true;
    for half in [&bare, &guarded] {
        for (line, reason) in tally::Tally::of(&intake.deliveries, half).put_aside {
            let _ = writeln!(io::stderr(), "{}:{line}: put aside: {reason}", intake.name);
            complete = false;
        }
    }
    Ok(complete)
}

async fn in_tasks(
    mode: Mode,
    args: &Args,
    intake: &Intake,
    folder: &Folder,
) -> Result<Half, Problem> {
    let ledger = Ledger::open(&folder.file(mode.name())).map_err(Problem::Ledger)?;
    let provider = Arc::new(Provider::new(ledger, None));
    let broker = Broker::new(&intake.deliveries);
    let began = Instant::now();
    workers::run(mode, args.workers, &broker, &provider).await;
    let took = began.elapsed();
    let postings = provider.postings().map_err(Problem::Ledger)?;
    Ok(Half { settled: broker.settled(), postings, took, kill: None })
}

async fn in_processes(args: &Args, intake: &Intake, job: &Job) -> Result<Half, Problem> {
    let broker = Broker::new(&intake.deliveries);
    let slots = usize::from(args.workers.div_ceil(args.processes));
    let began = Instant::now();
    let kill = processes::run(args.processes, slots, &broker, job).await?;
    let took = began.elapsed();
    let ledger = Ledger::open(&job.ledger).map_err(Problem::Ledger)?;
    let postings = ledger.postings().map_err(Problem::Ledger)?;
    Ok(Half { settled: broker.settled(), postings, took, kill })
}

/// The event with the most deliveries, near the middle of the file if there are several: where a
/// worker is killed, others wait for the outcome.
fn most_delivered(deliveries: &[Delivery]) -> Option<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for delivery in deliveries {
        *counts.entry(&delivery.event.id).or_default() += 1;
    }
    let most = *counts.values().max()?;
    let events = deliveries.iter().map(|delivery| delivery.event.id.as_str()).enumerate();
    let candidates = events.filter(|(_, event)| counts[event] == most);
    let (_, event) = candidates.min_by_key(|(at, _)| at.abs_diff(deliveries.len() / 2))?;
    Some(event.to_owned())
}

fn print(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Problem::Write)
}
