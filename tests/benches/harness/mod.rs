//! A harness for ratios: contenders take turns in short slices, so that whatever the machine does
//! meanwhile happens to all of them.
//!
//! One *round* gives each contender two slices, in the order A B B A: a drift that is linear over
//! the round cancels. A ratio is taken within each round, and what is reported is the median of
//! the rounds' ratios with their quartiles, never a ratio of two numbers from different minutes.

mod contest;
mod cpu;
mod options;
mod rounds;
mod spread;

pub(crate) use contest::{CALLERS, COMPLETED, Call, Contest, Task, columns};
pub(crate) use cpu::{spent, spent_by_all};
pub(crate) use options::Options;
pub(crate) use rounds::{Slice, rounds};
pub(crate) use spread::Spread;
