//! On RabbitMQ.

mod failed;
mod poison;
mod redelivered;
mod sent_twice;
mod support;
