//! A real axum server on loopback, and requests as an outsider sends them: each promise of the
//! feature `axum`, in memory and on Redis.

mod bodies;
mod clients;
mod headers;
mod outages;
mod parallel;
mod replay;
mod statuses;
mod support;
mod who;
