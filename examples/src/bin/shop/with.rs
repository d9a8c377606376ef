//! The handlers, with the attribute.

use axum::extract::{Query, State};
use axum::{Form, Json};
use idem::{IdempotencyKey, idempotent};

use super::database::Call;
use super::effect::{Approach, Side};
use super::order::{Callback, Paid, Payment, Ticket};
use super::shop::Shop;
use super::trouble::Trouble;

#[idempotent(
    key = "setnx:{payment.order}",
    strategy = "setnx",
    lease = "2s",
    wait = "10s",
    fingerprint(payment)
)]
pub(crate) async fn setnx(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(payment): Json<Payment>,
) -> Paid {
    shop.charge(Approach::Setnx, Side::With, &payment, &trouble).await
}

#[idempotent(
    key = "count:{payment.order}",
    strategy = "count",
    limit = 1,
    lease = "2s",
    wait = "10s",
    fingerprint(payment)
)]
pub(crate) async fn count(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(payment): Json<Payment>,
) -> Paid {
    shop.charge(Approach::Count, Side::With, &payment, &trouble).await
}

/// The attribute is on the function that gets the transaction, in `transaction`.
pub(crate) async fn db(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(payment): Json<Payment>,
) -> Paid {
    Ok(shop.database.guarded(&shop, Call::Pay(&payment), &trouble).await?.created())
}

#[idempotent(
    key = "token:{ticket.payment.order}",
    strategy = "token",
    token = ticket.token,
    lease = "2s",
    wait = "10s",
    fingerprint(ticket.payment)
)]
pub(crate) async fn token(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(ticket): Json<Ticket>,
) -> Paid {
    shop.charge(Approach::Token, Side::With, &ticket.payment, &trouble).await
}

/// As `db`.
pub(crate) async fn state(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    Json(callback): Json<Callback>,
) -> Paid {
    Ok(shop.database.guarded(&shop, Call::MarkPaid(&callback), &trouble).await?.created())
}

/// What `idem.js` sends: a form, and its key in a header.
#[idempotent(
    key = "front:{payment.order}:{key}",
    strategy = "setnx",
    lease = "2s",
    wait = "10s",
    fingerprint(payment)
)]
pub(crate) async fn front(
    State(shop): State<Shop>,
    Query(trouble): Query<Trouble>,
    key: IdempotencyKey,
    Form(payment): Form<Payment>,
) -> Paid {
    shop.charge(Approach::Front, Side::With, &payment, &trouble).await
}
