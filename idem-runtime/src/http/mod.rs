//! HTTP (feature `axum`) and gRPC (feature `tonic`): the key from a header, results stored and
//! replayed, errors as problem documents or statuses, and a layer under which a client that leaves
//! stops nothing.
//!
//! # Handlers of axum
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
//!
//! # Services of tonic
//!
//! ```
//! # #[cfg(feature = "tonic")] mod example {
//! use idem::{IdempotencyKey, idempotent};
//! use tonic::{Request, Response, Status};
//! # #[derive(serde::Serialize)] struct Pay { tenant: String, amount: u64 }
//! # fn tenant(request: &Request<Pay>) -> Result<String, Status> { Ok(request.get_ref().tenant.clone()) }
//!
//! # struct Payments; impl Payments {
//! async fn pay(&self, request: Request<Pay>) -> Result<Response<u64>, Status> {
//!     let tenant = tenant(&request)?; // whoever your authentication found
//!     let key = IdempotencyKey::try_from(&request)?; // the metadata `idempotency-key`
//!     Ok(Response::new(self.charge(&tenant, &key, request.get_ref()).await?))
//! }
//!
//! #[idempotent(key = "pay:{tenant}:{key}", strategy = "setnx", fingerprint(pay))]
//! async fn charge(&self, tenant: &str, key: &IdempotencyKey, pay: &Pay) -> Result<u64, Status> {
//!     Ok(pay.amount) // runs once; duplicates get the stored message
//! }
//! # } }
//! ```
//!
//! The layer goes on the server: `Server::builder().layer(idem.layer())`. Of a
//! [`Status`](https://docs.rs/tonic/latest/tonic/struct.Status.html) that an
//! [`Error`](crate::Error) becomes, `From` says which code it has.

#[cfg(feature = "axum")]
mod capture;
#[cfg(feature = "axum")]
mod envelope;
mod explanation;
#[cfg(feature = "axum")]
mod extract;
#[cfg(feature = "axum")]
mod frontend;
#[cfg(feature = "tonic")]
mod grpc;
mod header;
mod layer;
#[cfg(feature = "axum")]
mod problem;
mod rejection;
mod request;
#[cfg(feature = "axum")]
mod returns;

#[cfg(feature = "axum")]
pub use envelope::KEPT;
#[cfg(feature = "axum")]
pub use frontend::frontend;
pub use layer::{IdemFuture, IdemLayer, IdemService};
pub use rejection::IdempotencyKeyRejection;
pub(crate) use request::begins;
#[cfg(feature = "axum")]
pub use returns::{Http, HttpNotStored, HttpReturn, HttpValue};
