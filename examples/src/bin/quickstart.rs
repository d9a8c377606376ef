//! What does `#[idempotent]` do to real webhook deliveries?
//!
//! `cargo run -p examples --bin quickstart`, and `-- --help` for what else it can show.

use std::process::ExitCode;

use clap::Parser as _;
use examples::quickstart::{self, Args};

#[tokio::main]
async fn main() -> ExitCode {
    quickstart::run(Args::parse()).await
}
