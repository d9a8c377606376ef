//! On Redis Streams, by the example `streams` as a person runs it.

mod killed;
mod poison;
mod restarted;
mod stopped;
mod support;
mod together;
