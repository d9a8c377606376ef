//! The examples as people and programs meet them. They are one test program: while one of them waits
//! for a lease or a broker, others are at work.

#[path = "../../src/bin/rabbit/charge.rs"]
#[expect(dead_code, reason = "the tests charge by functions of their own")]
mod charge;
#[path = "../../src/bin/rabbit/consumer.rs"]
mod consumer;
#[path = "../../src/bin/rabbit/queues.rs"]
mod queues;

mod bank;
mod brokers;
mod charging;
mod grpc;
mod own_store;
mod papers;
mod payments;
mod points;
mod quickstart;
mod shop;
mod storm;
