//! On RabbitMQ.

mod failed;
mod killed;
mod outage;
mod poison;
mod redelivered;
mod restarted;
mod sent_twice;
mod stopped;
mod support;
mod together;
