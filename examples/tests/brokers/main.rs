//! Messages that come again, from real brokers: to the examples `rabbit` and `streams` as their
//! users run them, and to the loop of `rabbit` around handlers of this suite.

#[path = "../../src/bin/rabbit/charge.rs"]
#[expect(dead_code, reason = "the tests charge by functions of their own")]
mod charge;
#[path = "../../src/bin/rabbit/consumer.rs"]
mod consumer;
#[path = "../../src/bin/rabbit/queues.rs"]
mod queues;

mod database;
mod process;
mod rabbit;
mod streams;

use std::time::Duration;

/// For what comes in a moment unless something is broken.
const SOON: Duration = Duration::from_secs(30);
