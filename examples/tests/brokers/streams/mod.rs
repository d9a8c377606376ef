//! On Redis Streams, by the example `streams` as a person runs it.

mod killed;
mod poison;
mod support;
mod together;
