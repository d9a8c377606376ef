//! The command line.

use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  quickstart                                    the sample that comes with it
  quickstart                                    again: every event is remembered
  quickstart my-events.jsonl                    deliveries of your own
  zcat events.jsonl.gz | quickstart -           from a pipe
  quickstart --redis redis://127.0.0.1/         across three processes, one of them killed";

const MORE: &str = "\
A delivery is a JSON object on one line. What is read of it, all else is ignored:
  id         the event's id, text or a whole number: needed. Deliveries with the
             same id are the same event, whatever else differs
  amount     minor units (cents), a whole number that is not negative: needed
  currency   three letters: needed
  type       what happened, any text
  account    whose money it is, any text
`id` and `type` are looked for in the object itself, or in its `event`. `amount`,
`currency` and `account` are looked for in `data.object`, in `data`, then beside
the `id`; the first of these that has an `amount` counts.

The folder is idem-quickstart in $XDG_STATE_HOME or ~/.local/state, on macOS in
~/Library/Application Support, on Windows in %LOCALAPPDATA%. In it are the claims and
results (an SQLite file) and the ledgers that say what money has moved in every run.
Nobody else can read it. Several runs may work in one folder at the same time.

A line that can't be read is reported with its file, number and reason, and the
rest is handled.

Exit status:
  0  every delivery was handled, or refused because its content had changed
  1  the run failed: no such file, no Redis, nowhere to write
  2  the command line was wrong
  3  handled, but some lines could not be read or some deliveries not be settled

Colours are left out when NO_COLOR is set or the output is no terminal.";

const ABOUT: &str = "Webhook deliveries, handled without `#[idempotent]` and with it";

const LONG_ABOUT: &str = "\
Webhook deliveries, handled without `#[idempotent]` and with it.

A payment provider delivers an event at least once: twice in the same millisecond,
again after minutes, out of order. This handles such deliveries with many workers
at once, first without protection and then with `#[idempotent]` on the same
handler, and counts what each did to the money. The deliveries come as fast as the
workers take them; the times in the file are not waited for.

What has completed under `#[idempotent]` is remembered in a folder for 7 days: run it
a second time, and nothing is handled again. With --redis each run begins anew.";

/// The command line. `--help` says what it can say.
#[derive(Debug, clap::Parser)]
#[command(name = "quickstart", about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{MORE}"))]
pub struct Args {
    /// Deliveries, one JSON object a line; `-` reads standard input [default: the sample]
    pub(super) file: Option<PathBuf>,

    /// Deliveries handled at the same time
    #[arg(long, value_name = "N", default_value_t = 32)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) workers: u16,

    /// Where claims and ledgers are kept from run to run [default: a folder of your own]
    #[arg(long, value_name = "DIR", conflicts_with = "redis")]
    pub(super) folder: Option<PathBuf>,

    /// First forget what earlier runs have handled
    #[arg(long, conflicts_with = "redis")]
    pub(super) forget: bool,

    /// Protect across processes that share this Redis, and kill one
    #[arg(long, value_name = "URL")]
    pub(super) redis: Option<String>,

    /// Processes that share the Redis, 2 at least
    #[arg(long, value_name = "N", default_value_t = 3, requires = "redis")]
    #[arg(value_parser = clap::value_parser!(u16).range(2..=16))]
    pub(super) processes: u16,

    /// Be one of those processes: what to do comes by standard input
    #[arg(long, hide = true, exclusive = true)]
    pub(super) child: bool,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::Args;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn processes_need_a_redis() {
        let refused = Args::try_parse_from(["quickstart", "--processes", "2"]);
        assert!(refused.is_err_and(|error| error.to_string().contains("--redis")));
    }

    #[test]
    fn a_run_over_redis_keeps_nothing_in_a_folder() {
        for option in ["--folder=here", "--forget"] {
            let line = ["quickstart", "--redis", "redis://127.0.0.1/", option];
            assert!(Args::try_parse_from(line).is_err(), "{option}");
        }
    }

    #[test]
    fn a_single_process_would_leave_nobody_to_go_on() {
        let line = ["quickstart", "--redis", "redis://127.0.0.1/", "--processes", "1"];
        assert!(Args::try_parse_from(line).is_err());
    }
}
