//! Private RabbitMQ nodes.
//!
//! A node is alone: it has no plugins and no `epmd`, which a machine has one of, and it reads and writes
//! nothing outside of its folder. So one of the system's own is neither seen nor disturbed.

mod server;
mod settings;

pub use server::Server;
