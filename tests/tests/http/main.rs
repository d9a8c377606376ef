//! A real axum server on loopback, and requests as an outsider sends them: each promise of the
//! feature `axum`, in memory and on Redis.

mod headers;
mod replay;
mod support;
