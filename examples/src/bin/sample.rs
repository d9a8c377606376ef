//! Prints the sample deliveries, the same ones each time:
//! `cargo run -p examples --bin sample > examples/data/deliveries.jsonl`.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    match io::stdout().write_all(examples::sample::deliveries().as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
