//! HTTP (feature `axum`): the key from a header, responses stored and replayed, errors as problem
//! documents, and a layer under which a client that leaves stops nothing.
//!
//! ```
//! use axum::{Json, Router, extract::State, routing::post};
//! use idem::{Idem, IdempotencyKey, idempotent};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize)] struct Pay { amount: u64 }
//! # #[derive(Serialize, Deserialize)] struct Receipt { amount: u64 }
//! # #[derive(Clone)] struct App { tenant: String }
//!
//! #[idempotent(key = "pay:{app.tenant}:{key}", strategy = "setnx", fingerprint(req))]
//! async fn pay(
//!     State(app): State<App>,
//!     key: IdempotencyKey,
//!     Json(req): Json<Pay>,
//! ) -> Result<Json<Receipt>, idem::Error> {
//!     Ok(Json(Receipt { amount: req.amount })) // runs once; duplicates get the stored receipt
//! }
//!
//! # fn router(app: App) -> Router {
//! let idem = Idem::in_memory();
//! Router::new().route("/pay", post(pay)).layer(idem.layer()).with_state(app)
//! # }
//! ```
//!
//! A guarded handler returns `Result<T, E>`, where `T` is `Json<T>`, `(StatusCode, Json<T>)` or
//! `Response`, and `E` is `From<idem::Error>`: [`idem::Error`](crate::Error) itself, `Response`, or
//! your own. Or it returns `Response` outright.
//!
//! | response | what becomes of the key |
//! |---|---|
//! | 5xx, 408, 425, 429 | as `on_err` says: free again unless it says otherwise |
//! | every other | stored, and replayed to duplicates |
//! | a body whose length is not known beforehand, or over the engine's `max_result` | completed; the client gets all of it, duplicates [`ResultNotStored`](crate::Error::ResultNotStored) |
//!
//! Of a `Response` the status, the body and the headers in [`KEPT`] are stored.

mod capture;
mod envelope;
mod extract;
mod frontend;
mod header;
mod layer;
mod problem;
mod returns;

pub use envelope::KEPT;
pub use extract::IdempotencyKeyRejection;
pub use frontend::frontend;
pub use layer::{IdemFuture, IdemLayer, IdemService};
pub use returns::{Http, HttpNotStored, HttpReturn, HttpValue};
