//! The same charge over HTTP: servers under a guard, and a client whose connections are kept.

mod by_hand;
mod client;
mod ours;

pub(crate) use by_hand::{Payload, by_hand};
pub(crate) use client::OverHttp;
pub(crate) use ours::{Returning, ours};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

/// What a client asks for.
#[derive(Deserialize, Serialize)]
struct Charge {
    order: u64,
}

/// Serves a router on a port of its own for as long as the runtime lives.
fn serve(runtime: &Runtime, router: axum::Router) -> OverHttp {
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    });
    OverHttp::to(address)
}
