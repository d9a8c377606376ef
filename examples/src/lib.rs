//! What the examples are made of. Each one is a thin binary in `src/bin` over a module here.

pub mod quickstart;
pub mod sample;
