//! The same handlers, less the attribute.

use axum::extract::{Path, Query, State};
use axum::{Form, Json};

use super::database::Call;
use super::effect::{Approach, Side};
use super::order::{Callback, Paid, Payment};
use super::shop::Shop;
use super::trouble::Trouble;

pub(crate) async fn elsewhere(
    State(shop): State<Shop>,
    Path(approach): Path<Approach>,
    Query(trouble): Query<Trouble>,
    Json(payment): Json<Payment>,
) -> Paid {
    shop.charge(approach, Side::Without, &payment, &trouble).await
}

pub(crate) async fn db(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(payment): Json<Payment>,
) -> Paid {
    Ok(shop.database.unguarded(&shop, Call::Pay(&payment), &trouble).await?.created())
}

pub(crate) async fn state(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(callback): Json<Callback>,
) -> Paid {
    Ok(shop.database.unguarded(&shop, Call::MarkPaid(&callback), &trouble).await?.created())
}

pub(crate) async fn front(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Form(payment): Form<Payment>,
) -> Paid {
    shop.charge(Approach::Front, Side::Without, &payment, &trouble).await
}
