//! A worker that is a process of its own.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::answer;
use super::delivery::Delivery;
use super::engine;
use super::handler;
use super::ledger::Ledger;
use super::problem::Problem;
use super::provider::{Provider, Stall};
use super::wire::{Job, Report};

/// Works until its standard input ends.
pub(super) async fn run() -> ExitCode {
    let (reports, lines) = mpsc::unbounded_channel();
    let writer = tokio::task::spawn_blocking(|| write(lines));
    let worked = work(&reports).await;
    if let Err(problem) = &worked {
        // Who would be told is gone if this fails.
        let _ = reports.send(Report::Unable { reason: problem.to_string() });
    }
    drop(reports);
    let written = writer.await;
    if worked.is_ok() && matches!(written, Ok(Ok(()))) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn work(reports: &UnboundedSender<Report>) -> Result<(), Problem> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let Some(job) = next::<Job>(&mut lines).await? else { return Ok(()) };
    let (hanging, mut hangs) = mpsc::unbounded_channel();
    let stall = job.stall.map(|event| Stall { event, tell: hanging });
    let ledger = Ledger::open(&job.ledger, &job.run)?;
    let provider = Arc::new(Provider::new(Arc::new(ledger), stall));
    engine::over_redis(&job.redis, &job.run).await?.install()?;

    let told = reports.clone();
    tokio::spawn(async move {
        while let Some(event) = hangs.recv().await {
            let _ = told.send(Report::Hangs { event });
        }
    });
    let _ = reports.send(Report::Ready);
    let mut tasks = JoinSet::new();
    while let Some(Delivery { line, event }) = next(&mut lines).await? {
        let (provider, reports) = (Arc::clone(&provider), reports.clone());
        tasks.spawn(async move {
            let answer = answer::guarded(handler::shared(&provider, &event)).await;
            let _ = reports.send(Report::Answered { line, answer });
        });
        while tasks.try_join_next().is_some() {}
    }
    tasks.join_all().await;
    Ok(())
}

async fn next<T: serde::de::DeserializeOwned>(
    lines: &mut Lines<BufReader<Stdin>>,
) -> Result<Option<T>, Problem> {
    let broken = |error: io::Error| Problem::Worker(format!("a line was not understood: {error}"));
    match lines.next_line().await.map_err(broken)? {
        None => Ok(None),
        Some(line) => serde_json::from_str(&line).map(Some).map_err(|error| broken(error.into())),
    }
}

fn write(mut reports: UnboundedReceiver<Report>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    while let Some(report) = reports.blocking_recv() {
        serde_json::to_writer(&mut out, &report)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
