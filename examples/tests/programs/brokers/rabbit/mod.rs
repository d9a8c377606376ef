//! On RabbitMQ.

mod away;
mod failed;
mod killed;
mod outage;
mod poison;
mod redelivered;
mod restarted;
mod sent_twice;
mod support;
mod together;
