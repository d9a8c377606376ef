//! A real axum server on loopback, and requests as an outsider sends them: each promise of the
//! feature `axum`, in memory and on Redis. In `grpc` the same of `tonic`, on a real channel.

mod bodies;
mod clients;
mod grpc;
mod headers;
mod logged;
mod outages;
mod parallel;
mod processes;
mod replay;
#[path = "../calls/seen.rs"]
#[allow(dead_code, reason = "shared with calls of other strategies")]
mod seen;
mod statuses;
mod support;
mod transactions;
mod who;
