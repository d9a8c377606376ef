//! What the first process and its workers tell each other: a JSON object on each line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::answer::Answer;

/// The first line to a worker. Not on its command line, where everybody could read the URL's
/// password.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) redis: String,
    /// The run's name.
    pub(super) run: String,
    pub(super) ledger: PathBuf,
    /// The event whose first attempt hangs after its effect.
    pub(super) stall: Option<String>,
}

/// A line from a worker. The lines to it are deliveries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// It is connected.
    Ready,
    /// It can't work.
    Unable { reason: String },
    /// The delivery of this line is answered.
    Answered { line: usize, answer: Answer },
    /// It hangs in the body of this event, behind the effect.
    Hangs { event: String },
}
