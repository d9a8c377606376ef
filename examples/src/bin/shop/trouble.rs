//! What goes wrong with the first request of an order, where its address asks for it: `?dies=<order>`
//! or `?lost=<order>`. Later requests of the order are spared.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::shop::Shop;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Trouble {
    /// The handler dies between its effect and its result.
    dies: Option<String>,
    /// The answer is lost on its way.
    lost: Option<String>,
}

/// The orders whose first request was struck.
#[derive(Default)]
pub(crate) struct Struck(Mutex<HashSet<String>>);

impl Struck {
    fn is_first(&self, order: Option<&String>) -> bool {
        let mut struck = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        order.is_some_and(|order| struck.insert(order.clone()))
    }
}

impl Shop {
    /// Where a process would die: what comes after this does not happen.
    pub(crate) fn die_of(&self, trouble: &Trouble) {
        if self.struck.is_first(trouble.dies.as_ref()) {
            // A panic, without its words in the log.
            std::panic::resume_unwind(Box::new("died between effect and result"));
        }
    }
}

/// The gateway before the service: it gives up when the handler has died, and it has waited too long
/// for an answer that is lost.
pub(crate) async fn gateway(State(shop): State<Shop>, request: Request, next: Next) -> Response {
    let Ok(Query(trouble)) = Query::<Trouble>::try_from_uri(request.uri()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // In a task, whose panic is not the gateway's.
    let Ok(answer) = tokio::spawn(next.run(request)).await else {
        return (StatusCode::BAD_GATEWAY, "The handler has died.").into_response();
    };
    if shop.struck.is_first(trouble.lost.as_ref()) {
        return (StatusCode::GATEWAY_TIMEOUT, "The answer is lost.").into_response();
    }
    answer
}
