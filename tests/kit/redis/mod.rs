//! Redis and Valkey servers, and a client that looks behind the library's back.

mod client;
mod flavour;
mod monitor;
mod server;
mod starting;
mod stats;

pub use client::Client;
pub use flavour::Flavour;
pub use monitor::Monitor;
pub use server::Server;
pub use starting::Starting;
pub use stats::CommandStats;
