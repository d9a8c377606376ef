//! On RabbitMQ.

mod failed;
mod killed;
mod outage;
mod poison;
mod redelivered;
mod sent_twice;
mod support;
mod together;
