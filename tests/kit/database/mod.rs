//! Private database servers: Postgres, and MariaDB or MySQL.
//!
//! A server's first data are made once a machine, beside what cargo builds, and copied for each
//! server; so that one starts in less than a second.

mod kind;
mod mysql;
mod server;
mod template;
mod user;

pub use kind::Kind;
pub use server::Server;
