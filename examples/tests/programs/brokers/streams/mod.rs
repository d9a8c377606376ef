//! On Redis Streams, by the example `streams` as a person runs it.

mod away;
mod killed;
mod poison;
mod restarted;
mod support;
mod together;
