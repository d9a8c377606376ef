//! Workers that are processes of their own, one of which is killed.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;

use super::broker::{Broker, Parcel};
use super::problem::Problem;
use super::wire::{Job, Report};

/// What was done to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) worker: u16,
    pub(super) process: u32,
    /// The event in whose body it was killed.
    pub(super) event: String,
    /// The deliveries that it had and had not answered.
    pub(super) unfinished: usize,
}

/// Handles all that the broker has, `slots` deliveries at a time in each of `processes`, and
/// kills the worker that hangs.
///
/// # Errors
///
/// A worker can't be started, or all of them are gone before the work is done.
pub(super) async fn run(
    processes: u16,
    slots: usize,
    broker: &Arc<Broker>,
    job: &Job,
) -> Result<Option<Kill>, Problem> {
    let mut workers = Vec::new();
    for number in 1..=processes {
        workers.push(Worker::start(number, job).await?);
    }
    // Work begins when all are there, so that all get some.
    for worker in &mut workers {
        worker.ready().await?;
    }
    let mut tasks = JoinSet::new();
    for worker in workers {
        tasks.spawn(worker.attend(slots, Arc::clone(broker)));
    }
    let mut kill = None;
    let mut said = None;
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(Ok(killed)) => kill = kill.or(killed),
            Ok(Err(problem)) => said = Some(problem),
            Err(panic) => said = Some(Problem::Worker(panic.to_string())),
        }
    }
    if broker.is_done() {
        return Ok(kill);
    }
    Err(said.unwrap_or_else(|| {
        Problem::Worker("all worker processes ended before the work was done".to_owned())
    }))
}

/// What a worker's keeper waits for.
enum Next {
    Parcel(Option<Parcel>),
    Report(Option<Report>),
}

struct Worker {
    number: u16,
    process: u32,
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    /// What it has been given and has not answered, by line.
    held: HashMap<usize, Parcel>,
}

impl Worker {
    async fn start(number: u16, job: &Job) -> Result<Self, Problem> {
        let program = std::env::current_exe().map_err(Problem::Start)?;
        let mut command = Command::new(program);
        command.arg("--child").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(Problem::Start)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Problem::Worker("a worker process has no pipes".to_owned()));
        };
        let mut worker = Self {
            number,
            process: child.id().unwrap_or_default(),
            child,
            input: Some(input),
            output: BufReader::new(output).lines(),
            held: HashMap::new(),
        };
        worker.tell(job).await;
        Ok(worker)
    }

    async fn ready(&mut self) -> Result<(), Problem> {
        match self.report().await {
            Some(Report::Ready) => Ok(()),
            Some(Report::Unable { reason }) => Err(Problem::Worker(reason)),
            _ => Err(Problem::Worker(format!("worker {} ended before it began", self.number))),
        }
    }

    async fn attend(mut self, slots: usize, broker: Arc<Broker>) -> Result<Option<Kill>, Problem> {
        let mut kill = None;
        let mut problem = None;
        let mut drained = false;
        loop {
            let takes_more = self.input.is_some() && self.held.len() < slots;
            let next = tokio::select! {
                parcel = broker.next(), if takes_more => Next::Parcel(parcel),
                report = self.report() => Next::Report(report),
            };
            match next {
                Next::Parcel(Some(parcel)) => self.give(parcel).await,
                Next::Parcel(None) => {
                    drained = true;
                    self.input = None;
                }
                Next::Report(Some(Report::Answered { line, answer })) => {
                    if let Some(parcel) = self.held.remove(&line) {
                        broker.answer(parcel, answer);
                    }
                }
                Next::Report(Some(Report::Hangs { event })) => {
                    kill = Some(event);
                    self.input = None;
                    // `kill -9`. What it had written before is still read.
                    self.child.start_kill().map_err(Problem::Start)?;
                }
                Next::Report(Some(Report::Unable { reason })) => {
                    problem = Some(Problem::Worker(reason));
                }
                Next::Report(Some(Report::Ready)) => {}
                Next::Report(None) => break,
            }
        }
        // It has nothing more to say, and is gone before its deliveries come again.
        self.input = None;
        self.child.kill().await.map_err(Problem::Start)?;
        if kill.is_none() && !drained {
            let told = "ended before its time; its deliveries go to the others";
            let _ = writeln!(io::stderr(), "worker {} {told}", self.number);
        }
        let kill = kill.map(|event| Kill {
            worker: self.number,
            process: self.process,
            event,
            unfinished: self.held.len(),
        });
        for (_, parcel) in self.held.drain() {
            broker.back(parcel);
        }
        problem.map_or(Ok(kill), Err)
    }

    async fn give(&mut self, parcel: Parcel) {
        let delivery = parcel.delivery.clone();
        self.held.insert(delivery.line, parcel);
        self.tell(&delivery).await;
    }

    /// A worker that no longer listens has ended, and its output tells that.
    async fn tell(&mut self, line: &impl serde::Serialize) {
        let (Some(input), Ok(mut line)) = (&mut self.input, serde_json::to_vec(line)) else {
            return;
        };
        line.push(b'\n');
        if input.write_all(&line).await.is_err() {
            self.input = None;
        }
    }

    /// The worker's next line; `None` when it has ended, or says what no worker says.
    async fn report(&mut self) -> Option<Report> {
        let line = self.output.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }
}
