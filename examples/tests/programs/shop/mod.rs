//! The shop as its page and an outsider meet it.

mod client;
mod page;
mod promises;
