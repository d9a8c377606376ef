//! All effects, whoever keeps them: the provider's charges and the database's rows.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::effect::{Approach, Effect, Side};
use super::order::Failed;
use super::shop::Shop;

/// How many of the newest orders the page shows.
const SHOWN: usize = 50;

#[derive(Default, Serialize)]
struct Ledger {
    /// How many effects there are: what the page has seen.
    seen: usize,
    with: Total,
    without: Total,
    /// Orders for which money has moved, the newest first.
    orders: Vec<Order>,
}

#[derive(Default, Serialize)]
struct Total {
    cents: u64,
    /// Of these, what was moved for an order that had been paid.
    again: u64,
}

/// An order, and what was done for it.
#[derive(Serialize)]
struct Order {
    number: String,
    approach: Approach,
    side: Side,
    /// When the first of its effects took place, in milliseconds since 1970.
    at: i64,
    effects: usize,
    cents: u64,
}

impl Ledger {
    /// Of effects in the order in which they took place.
    fn of(effects: Vec<Effect>) -> Self {
        let mut ledger = Self { seen: effects.len(), ..Self::default() };
        let mut places = HashMap::new();
        for Effect { at, approach, side, order, cents, .. } in effects {
            let cents = u64::from(cents);
            let place = *places.entry(order.clone()).or_insert(ledger.orders.len());
            if place == ledger.orders.len() {
                ledger.orders.push(Order {
                    number: order,
                    approach,
                    side,
                    at,
                    effects: 0,
                    cents: 0,
                });
            }
            let order = &mut ledger.orders[place];
            let total = match side {
                Side::With => &mut ledger.with,
                Side::Without => &mut ledger.without,
            };
            if order.effects > 0 {
                total.again += cents;
            }
            total.cents += cents;
            order.cents += cents;
            order.effects += 1;
        }
        ledger.orders.reverse();
        ledger.orders.truncate(SHOWN);
        ledger
    }
}

impl Shop {
    async fn effects(&self) -> Result<Vec<Effect>, Failed> {
        let mut effects = self.provider.effects()?;
        effects.extend(self.database.effects().await?);
        effects.sort_by_key(|effect| effect.at);
        Ok(effects)
    }
}

#[derive(Deserialize)]
pub(crate) struct Seen {
    seen: Option<usize>,
}

/// The ledger; nothing if the page has seen all of it.
pub(crate) async fn show(
    State(shop): State<Shop>,
    Query(Seen { seen }): Query<Seen>,
) -> Result<Response, Failed> {
    let effects = shop.effects().await?;
    if seen == Some(effects.len()) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(Ledger::of(effects)).into_response())
}

/// What was done for an order.
#[derive(Serialize)]
pub(crate) struct Done {
    effects: usize,
    cents: u64,
}

pub(crate) async fn of_order(
    State(shop): State<Shop>,
    Path(order): Path<String>,
) -> Result<Json<Done>, Failed> {
    let effects = shop.effects().await?.into_iter().filter(|effect| effect.order == order);
    let (effects, cents) = effects
        .fold((0, 0), |(effects, cents), effect| (effects + 1, cents + u64::from(effect.cents)));
    Ok(Json(Done { effects, cents }))
}
