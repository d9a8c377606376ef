//! Another process that takes part in a test, and that can die in it.

use std::{
    ffi::OsString,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, time};

use crate::supervisor::{Lines, Supervisor};

/// How often it is looked whether a process has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// A child process, told what to do by lines and asked what it did by lines.
///
/// It ends with this value, or with the test process. A program of this package is
/// `env!("CARGO_BIN_EXE_…")` in an integration test.
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut cat = kit::process::Process::run("cat").start();
/// cat.say("claimed charge:1");
/// let line = cat.line_with("claimed", Duration::from_secs(5)).await;
/// assert_eq!(line, "claimed charge:1");
/// cat.kill();
/// # }
/// ```
#[derive(Debug)]
pub struct Process {
    program: PathBuf,
    supervisor: Supervisor,
    /// `None` once it is closed.
    input: Option<File>,
    lines: mpsc::UnboundedReceiver<String>,
}

/// A process that is about to be started.
#[derive(Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Starting {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
}

impl Starting {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable, beside the ones of this process.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts it.
    #[must_use]
    pub fn start(self) -> Process {
        let mut command = vec![self.program.clone().into_os_string()];
        command.extend(self.arguments);
        let mut supervisor = Supervisor::new(&self.environment, |_| command);
        let Lines { input, output } = supervisor.start_with_lines();
        let (sender, lines) = mpsc::unbounded_channel();
        // A thread, since it must go on reading while the test's runtime does something else.
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.map(|line| sender.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        Process { program: self.program, supervisor, input: Some(input), lines }
    }
}

impl Process {
    /// A process that will run `program`: a path, or a name that is looked up in `PATH`.
    pub fn run(program: impl Into<PathBuf>) -> Starting {
        Starting { program: program.into(), arguments: Vec::new(), environment: Vec::new() }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.supervisor.pid()
    }

    /// Writes a line to its standard input.
    ///
    /// # Panics
    ///
    /// When it has ended, or its input is closed.
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input isn't closed yet");
        // In one piece: it may be gone once it has the line.
        input.write_all(format!("{line}\n").as_bytes()).expect("the process reads");
    }

    /// The next line that it prints and that has `needle` in it, passing over others.
    ///
    /// # Panics
    ///
    /// With what it wrote to its standard error, when it ends before or `deadline` passes.
    pub async fn line_with(&mut self, needle: &str, deadline: Duration) -> String {
        let mut passed_over = Vec::new();
        let found = time::timeout(deadline, async {
            while let Some(line) = self.lines.recv().await {
                if line.contains(needle) {
                    return Some(line);
                }
                passed_over.push(line);
            }
            None
        });
        let problem = match found.await {
            Ok(Some(line)) => return line,
            Ok(None) => "ended before",
            Err(_) => "took too long until",
        };
        panic!(
            "{} {problem} it printed {needle:?}; it printed {passed_over:#?}, and on its standard \
             error:\n{}",
            self.program.display(),
            self.supervisor.log()
        );
    }

    /// Kills it (`SIGKILL`) with all that it started, and waits until it is gone.
    pub fn kill(&mut self) {
        self.supervisor.signal("KILL");
        self.supervisor.wait();
    }

    /// Asks it to end in good order (`SIGTERM`), and does not wait.
    pub fn terminate(&mut self) {
        self.supervisor.signal("TERM");
    }

    /// Stops it where it is (`SIGSTOP`), as a long pause of its machine would.
    pub fn pause(&mut self) {
        self.supervisor.pause();
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        self.supervisor.resume();
    }

    /// Closes its standard input, which is how many programs are told to end.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until it has ended by itself, for its exit status; by a signal, 128 and its number.
    ///
    /// # Panics
    ///
    /// With what it has written, when `deadline` passes before.
    pub async fn exit_status(&mut self, deadline: Duration) -> i32 {
        // Not by `wait_for`, whose future can't be sent where the condition borrows.
        let asked_at = Instant::now();
        while self.supervisor.is_running() {
            assert!(
                asked_at.elapsed() < deadline,
                "{} would not end in {deadline:?}; it printed {:#?}, and on its standard error:\n{}",
                self.program.display(),
                std::iter::from_fn(|| self.lines.try_recv().ok()).collect::<Vec<_>>(),
                self.supervisor.log()
            );
            time::sleep(PAUSE).await;
        }
        self.supervisor.wait()
    }
}
