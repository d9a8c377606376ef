//! Another process that makes calls, to be killed or stopped.

use std::time::Duration;

use kit::ledger::Ledger;
use kit::process::Process;

use crate::spoken::{SOON, Spoken};

/// The lease of its calls.
pub(crate) const LEASE: Duration = Duration::from_secs(1);
/// Longer than any test.
pub(crate) const FOR_EVER: Duration = Duration::from_hours(1);

/// Another process that makes calls.
pub(crate) struct Caller {
    pub(crate) process: Process,
}

impl Caller {
    pub(crate) async fn start(spoken: Spoken, url: &str, ledger: &Ledger) -> Self {
        let mut starting =
            Process::run(env!("CARGO_BIN_EXE_kit-caller")).arg(url).arg(ledger.path());
        if matches!(spoken, Spoken::Scripts) {
            starting = starting.arg("scripts");
        }
        let mut process = starting.start();
        process.line_with("ready", SOON).await;
        Self { process }
    }

    pub(crate) fn call(&mut self, key: &str, wait: Duration, body: Duration) {
        let (lease, wait, body) = (LEASE.as_millis(), wait.as_millis(), body.as_millis());
        self.process.say(&format!("{key} {lease} {wait} {body}"));
    }

    /// The same, counted.
    pub(crate) fn count(&mut self, key: &str, limit: u32, wait: Duration, body: Duration) {
        let (lease, wait, body) = (LEASE.as_millis(), wait.as_millis(), body.as_millis());
        self.process.say(&format!("{key} {lease} {wait} {body} {limit}"));
    }

    /// Waits until a body of this key has begun.
    pub(crate) async fn running(&mut self, key: &str) {
        self.process.line_with(&format!("running {key} "), SOON).await;
    }

    /// How the next call of this key to be answered was, and with what.
    pub(crate) async fn done(&mut self, key: &str) -> (String, String) {
        let line = self.process.line_with(&format!("done {key} "), SOON).await;
        let mut words = line.split(' ').skip(2).map(str::to_owned);
        let how = words.next().unwrap();
        (how, words.collect::<Vec<_>>().join(" "))
    }
}
