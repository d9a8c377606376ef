//! An order that somebody pays, the receipt, and why there may be none.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use idem::Token;
use serde::{Deserialize, Serialize};

/// What a client sends: the same for each time that it sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) order: String,
    pub(crate) cents: u32,
}

/// A payment with the token that came with the order.
#[derive(Debug, Deserialize)]
pub(crate) struct Ticket {
    #[serde(flatten)]
    pub(crate) payment: Payment,
    pub(crate) token: Token,
}

/// A payment as a provider reports it, under an id of its own.
#[derive(Debug, Deserialize)]
pub(crate) struct Callback {
    #[serde(flatten)]
    pub(crate) payment: Payment,
    pub(crate) id: String,
}

/// What a payment is answered with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) number: String,
    pub(crate) order: String,
    pub(crate) cents: u32,
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error("the provider's book: {0}")]
    Book(#[from] std::io::Error),
}

/// The answer of a handler.
pub(crate) type Paid = Result<(StatusCode, Json<Receipt>), Failed>;

impl Receipt {
    /// As a handler answers it.
    pub(crate) fn created(self) -> (StatusCode, Json<Self>) {
        (StatusCode::CREATED, Json(self))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        match self {
            Self::Idem(error) => error.into_response(),
            Self::Sql(_) | Self::Book(_) => {
                eprintln!("shop: {self}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// Six letters and digits that can't be taken for one another.
pub(crate) fn number() -> String {
    const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    (0..6).map(|_| char::from(SIGNS[rand::random_range(0..SIGNS.len())])).collect()
}
