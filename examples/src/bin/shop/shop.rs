//! What the handlers share: the engine, the database, the provider.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use idem::{Idem, Token};
use serde::Serialize;

use super::Fault;
use super::database::Database;
use super::effect::{Approach, Effect, Side};
use super::order::{Failed, Paid, Payment, number};
use super::provider::Provider;
use super::trouble::{Struck, Trouble};

#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) idem: Idem,
    pub(crate) database: Database,
    pub(crate) provider: Provider,
    pub(crate) struck: Arc<Struck>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What keeps the records of `setnx`, `count` and `token`.
    pub(crate) kept_in: &'static str,
}

/// How long a payment takes, so that duplicates meet one that is in flight.
const TAKES: Duration = Duration::from_millis(60);

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Shop {
    /// Opens it with the stores that the environment names: `IDEM_REDIS_URL`, `IDEM_DATABASE_URL`. In
    /// place of what it does not name come those of `Idem::embedded`: memory, and SQLite in the folder.
    pub(crate) async fn open(folder: &Path, address: SocketAddr) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder)?;
        let database = match variable("IDEM_DATABASE_URL") {
            Some(url) => Database::connect(&url).await?,
            None => Database::in_folder(folder).await?,
        };
        let builder = database.keep(Idem::builder().prefix("shop")).timeout(Duration::from_secs(5));
        let (builder, kept_in) = match variable("IDEM_REDIS_URL") {
            Some(url) => (builder.redis(url), "Redis or Valkey"),
            None => (builder.memory(), "memory"),
        };
        // Unless it is named, tokens are good for as long as this process lives.
        let secret = variable("IDEM_TOKEN_SECRET").map_or_else(random, String::into_bytes);
        let idem = builder.token_secret(secret).build().await?;
        idem.migrate().await?;
        database.make_tables().await?;
        let provider = Provider::open(folder)?;
        Ok(Self { idem, database, provider, struck: Arc::default(), address, kept_in })
    }

    /// Moves the money, on another system.
    pub(crate) async fn charge(
        &self,
        approach: Approach,
        side: Side,
        payment: &Payment,
        trouble: &Trouble,
    ) -> Paid {
        let effect = Effect::new(approach, side, payment);
        self.provider.charge(&effect)?;
        self.die_of(trouble);
        tokio::time::sleep(TAKES).await;
        Ok(effect.into_receipt().created())
    }
}

fn random() -> Vec<u8> {
    rand::random::<[u8; 32]>().to_vec()
}

/// What a client needs to pay.
#[derive(Serialize)]
pub(crate) struct Opened {
    order: String,
    token: Token,
}

/// Opens an order.
pub(crate) async fn open_order(State(shop): State<Shop>) -> Result<Json<Opened>, Failed> {
    let order = number();
    shop.database.open(&order).await?;
    let token = shop.idem.issue_token(&idem::key!("token:{order}"), Duration::from_mins(15))?;
    Ok(Json(Opened { order, token }))
}
