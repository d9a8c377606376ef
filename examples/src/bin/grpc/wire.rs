//! What goes over the wire: the messages of `shop.proto`, and what tonic has made of its service.

use serde::{Deserialize, Serialize};

/// What is asked for. Its fields are fingerprinted, so it is `Serialize`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub(crate) struct Payment {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(uint64, tag = "2")]
    pub(crate) amount: u64,
}

/// What is stored and replayed.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub(crate) struct Receipt {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) amount: u64,
}

#[allow(clippy::all, clippy::pedantic, unreachable_pub, missing_docs, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/shop.Payments.rs"));
}

pub(crate) use generated::payments_client::PaymentsClient;
pub(crate) use generated::payments_server::{Payments, PaymentsServer};
