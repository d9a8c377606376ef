//! A program that ends with the test process, however that one ends.
//!
//! Without `unsafe`, a process can't ask the kernel to be told of its parent's death, and a
//! destructor doesn't run in a process that is killed. A pipe closes in either case. So each
//! program is started by a small shell script (`supervisor.sh`) that reads orders from a pipe, and at its end kills the program, with all that it started, and
//! removes the folder. The script has a process group of its own, so that an interrupt from the
//! keyboard, which goes to the group, doesn't reach it before its work is done.

use std::{
    ffi::OsStr,
    fmt,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use crate::wait;

/// A program in its own temporary folder, both gone when this value or the process is.
pub struct Supervisor {
    folder: PathBuf,
    script: Child,
    /// `None` only while it is dropped: its closing is the order to end.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    running: Option<u32>,
}

/// The near ends of a program's standard input and output.
pub(crate) struct Lines {
    pub(crate) input: File,
    pub(crate) output: File,
}

/// A folder for what the tests of this process share, gone when the process is.
#[must_use]
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<Supervisor> = OnceLock::new();
    FOLDER.get_or_init(|| Supervisor::new(&[], |_| ["true"].to_vec())).folder()
}

impl Supervisor {
    /// Makes a folder and a supervisor that will run in it what `command` says of a folder: the
    /// program and its arguments, with these variables beside the ones of this process.
    ///
    /// # Panics
    ///
    /// When there is no folder to be had, or no `sh`.
    pub fn new<A: AsRef<OsStr>>(
        environment: &[(String, String)],
        command: impl FnOnce(&Path) -> Vec<A>,
    ) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("idem-kit-")
            .tempdir()
            .expect("a temporary folder can be made")
            .keep();
        let mut script = Command::new("sh")
            .args(["-c", include_str!("supervisor.sh"), "idem-kit-supervisor"])
            .arg(&folder)
            .args(command(&folder))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("`sh` can be run");
        let orders = script.stdin.take();
        let answers = BufReader::new(script.stdout.take().expect("it was piped"));
        Self { folder, script, orders, answers, running: None }
    }

    /// The program's folder. Its output is in `log` there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program's process id.
    ///
    /// # Panics
    ///
    /// When it wasn't started, or has been waited for.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.expect("the program runs")
    }

    /// Starts the program, and returns at once.
    ///
    /// # Panics
    ///
    /// When it runs already.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "{self:?} is running");
        let pid = self.order("start");
        self.running = Some(pid.parse().expect("a process id"));
    }

    /// [`start`](Self::start), with the program's standard input and output in the caller's hands.
    pub(crate) fn start_with_lines(&mut self) -> Lines {
        assert!(self.running.is_none(), "{self:?} is running");
        let [input, output] = ["in", "out"].map(|name| self.folder.join(name));
        if !input.exists() {
            let made = Command::new("mkfifo").args([&input, &output]).status();
            assert!(made.is_ok_and(|status| status.success()), "`mkfifo` can be run");
        }
        let pid = self.order("start-lines");
        self.running = Some(pid.parse().expect("a process id"));
        // In the shell's order: opening a named pipe waits for the other end.
        let input = File::options().write(true).open(input).expect("a named pipe");
        let output = File::open(output).expect("a named pipe");
        Lines { input, output }
    }

    /// Sends a signal (`"TERM"`, `"KILL"`, …) to the program and to all that it started.
    pub fn signal(&mut self, name: &str) {
        self.order(&format!("signal {name}"));
    }

    /// Stops the program where it is (`SIGSTOP`); it keeps its connections and answers nothing.
    ///
    /// # Panics
    ///
    /// When it isn't running.
    pub fn pause(&mut self) {
        self.signal("STOP");
        let paused = wait::holds_by(Duration::from_secs(5), || self.state() == Some('T'));
        assert!(paused, "{self:?} would not stop");
    }

    /// Lets a program go on that was [paused](Self::pause).
    pub fn resume(&mut self) {
        self.signal("CONT");
    }

    /// Waits until the program has ended, for its exit status; by a signal, 128 and its number.
    /// Blocks the thread.
    ///
    /// # Panics
    ///
    /// When it wasn't started, or goes on for longer than half a minute.
    pub fn wait(&mut self) -> i32 {
        let ended = wait::holds_by(Duration::from_secs(30), || !self.is_running());
        assert!(ended, "{self:?} would not end:\n{}", self.log());
        let status = self.order("wait").parse().expect("an exit status");
        self.running = None;
        status
    }

    /// Whether the program was started and has neither ended nor been waited for.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state().is_some_and(|state| state != 'Z')
    }

    /// The end of what the program wrote, for a message.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The letter that Linux has for it: `R`, `S`, `T` when stopped, `Z` when ended.
    fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.running?)).ok()?;
        stat.rsplit_once(')')?.1.trim_start().chars().next()
    }

    fn order(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().expect("it is there until dropped");
        let mut answer = String::new();
        let answered =
            writeln!(orders, "{order}").and_then(|()| self.answers.read_line(&mut answer));
        assert!(matches!(answered, Ok(1..)), "the supervisor is gone: {answered:?}");
        answer.trim_end().to_owned()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Only so that nothing is left once this returns: what ends it is the closed pipe.
        let _ = self.script.wait();
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program in {}", self.folder.display())
    }
}
