//! What does `#[idempotent]` do to real webhook deliveries?
//!
//! A payment provider delivers an event at least once. This reads such deliveries, handles them
//! with many workers, once by a bare handler and once by the same handler under `#[idempotent]`,
//! and counts what each did to the money. What has completed is still known when it runs again.
//! Read `handler.rs` first: it is all that a service would
//! have of this. Then, in the order of the work:
//!
//! | file | |
//! |---|---|
//! | `args`, `delivery`, `intake` | the command line, a delivery, a file of them |
//! | `broker`, `workers` | the queue, and the tasks that take from it |
//! | `answer` | what the handler's outcome means to a queue |
//! | `provider`, `ledger` | where the money moves, and the file that proves it |
//! | `engine`, `folder` | where the claims are, and what the next run finds again |
//! | `processes`, `child`, `wire` | `--redis`: workers that are processes, one of them killed |
//! | `tally`, `money`, `table`, `report` | counting, and saying it |

mod answer;
mod args;
mod broker;
mod child;
mod delivery;
mod engine;
mod folder;
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
use std::time::{Duration, Instant};

pub use args::Args;

use broker::Broker;
use delivery::Delivery;
use folder::Folder;
use intake::Intake;
use ledger::Ledger;
use problem::Problem;
use provider::Provider;
use report::{Claims, Setting};
use table::Paint;
use tally::Half;
use wire::Job;
use workers::Mode;

/// Ran, but not everything was handled.
const INCOMPLETE: u8 = 3;

/// How long results that are still being stored are waited for.
const GRACE: Duration = Duration::from_secs(30);

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
    let run = ledger::run_name();
    let (folder, [bare, guarded]) = match &args.redis {
        None => over_runs(args, intake, &run).await?,
        Some(url) => over_processes(url, args, intake, &run).await?,
    };
    let claims = match args.redis {
        None => Claims::InFolder(folder.path()),
        Some(_) => Claims::InRedis { processes: args.processes },
    };
    let setting = Setting { workers: args.workers, claims };
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

/// Both halves in a folder that the next run finds again, the claims in SQLite.
async fn over_runs(
    args: &Args,
    intake: &Intake,
    run: &str,
) -> Result<(Folder, [Half; 2]), Problem> {
    let folder = Folder::kept(args.folder.as_deref(), args.forget)?;
    let idem = engine::in_folder(folder.path()).await;
    let idem = idem.map_err(|source| Problem::Claims { path: folder.path().to_owned(), source })?;
    idem.install()?;
    let bare = in_tasks(Mode::Bare, args, intake, &folder, run).await?;
    let guarded = in_tasks(Mode::Guarded, args, intake, &folder, run).await?;
    // A result that is still being stored would be unknown to the next run.
    idem.shutdown(GRACE).await;
    Ok((folder, [bare, guarded]))
}

/// The protected half in processes that share a Redis.
async fn over_processes(
    redis: &str,
    args: &Args,
    intake: &Intake,
    run: &str,
) -> Result<(Folder, [Half; 2]), Problem> {
    // Asked here first: one clear error, before anything has begun.
    engine::over_redis(redis, run).await?;
    let folder = Folder::temporary(run)?;
    let job = Job {
        redis: redis.to_owned(),
        run: run.to_owned(),
        ledger: folder.ledger(Mode::Guarded),
        stall: most_delivered(&intake.deliveries),
    };
    let bare = in_tasks(Mode::Bare, args, intake, &folder, run).await?;
    let guarded = in_processes(args, intake, &job).await?;
    Ok((folder, [bare, guarded]))
}

async fn in_tasks(
    mode: Mode,
    args: &Args,
    intake: &Intake,
    folder: &Folder,
    run: &str,
) -> Result<Half, Problem> {
    let ledger = Arc::new(Ledger::open(&folder.ledger(mode), run)?);
    let provider = Arc::new(Provider::new(Arc::clone(&ledger), None));
    let broker = Broker::new(&intake.deliveries);
    let began = Instant::now();
    workers::run(mode, args.workers, &broker, &provider).await;
    let took = began.elapsed();
    let (postings, others) = ledger.postings()?;
    Ok(Half { settled: broker.settled(), postings, others, took, kill: None })
}

async fn in_processes(args: &Args, intake: &Intake, job: &Job) -> Result<Half, Problem> {
    let broker = Broker::new(&intake.deliveries);
    let slots = usize::from(args.workers.div_ceil(args.processes));
    let began = Instant::now();
    let kill = processes::run(args.processes, slots, &broker, job).await?;
    let took = began.elapsed();
    let (postings, others) = Ledger::open(&job.ledger, &job.run)?.postings()?;
    Ok(Half { settled: broker.settled(), postings, others, took, kill })
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
