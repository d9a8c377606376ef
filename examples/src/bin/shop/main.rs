//! A shop in which a person sees what each strategy does: `cargo run -p examples --bin shop`, and then
//! <http://127.0.0.1:3333/> in a browser.
//!
//! Six ways to pay, each by a handler with the attribute and by the same one without it. A button sends
//! a payment once, twice, again after its answer was lost or its handler died, changed, or a hundred
//! times at once; the ledger shows what that did to the money.
//!
//! `PORT` says where it listens. `IDEM_REDIS_URL` and `IDEM_DATABASE_URL` (Postgres, MySQL, MariaDB,
//! SQLite) name its stores; without them it is memory, and SQLite in a temporary folder.
//! `IDEM_TOKEN_SECRET` lets several of them take each other's tokens.
//!
//! | file | |
//! |---|---|
//! | `with`, `without` | the handlers |
//! | `database`, `transaction` | the two of them that work in a transaction, in each database |
//! | `provider`, `ledger`, `effect` | what moved, and where that is written |
//! | `trouble`, `storm` | what goes wrong, and how often at once |
//! | `order`, `shop` | what the handlers share |
//! | `page` | what the browser gets |

mod database;
mod effect;
mod ledger;
mod order;
mod page;
mod provider;
mod shop;
mod storm;
mod trouble;
mod with;
mod without;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use clap::Parser;
use tokio::net::TcpListener;

use shop::Shop;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where it listens unless `PORT` says otherwise.
const PORT: u16 = 3333;

/// A shop that pays each order in six ways, guarded and unguarded
#[derive(Parser)]
struct Args {
    /// Where it keeps its files; in the temporary folder unless given
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match open(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("shop: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn open(args: Args) -> Result<(), Fault> {
    let folder = args.folder.unwrap_or_else(|| std::env::temp_dir().join("idem-shop"));
    let port = std::env::var("PORT").map_or(Ok(PORT), |port| port.parse());
    let port = port.map_err(|_| "PORT is a number up to 65535")?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.map_err(|error| format!("port {port}: {error}; PORT names another"))?;
    let address = listener.local_addr()?;
    let shop = Shop::open(&folder, address).await?;
    println!("the shop is open at http://{address}/");
    println!(
        "setnx, count and token are kept in {}, db and state in {}; Ctrl-C closes it",
        shop.kept_in,
        shop.database.name()
    );
    let idem = shop.idem.clone();
    axum::serve(listener, routes(shop))
        .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or_default() })
        .await?;
    idem.shutdown(Duration::from_secs(30)).await; // bodies whose clients have left
    Ok(())
}

fn routes(shop: Shop) -> Router {
    let with = Router::new()
        .route("/setnx", post(with::setnx))
        .route("/count", post(with::count))
        .route("/db", post(with::db))
        .route("/token", post(with::token))
        .route("/state", post(with::state))
        .route("/front", post(with::front))
        .layer(shop.idem.layer());
    let without = Router::new()
        .route("/{approach}", post(without::elsewhere))
        .route("/db", post(without::db))
        .route("/state", post(without::state))
        .route("/front", post(without::front));
    Router::new()
        .nest("/with", with)
        .nest("/without", without)
        .layer(from_fn_with_state(shop.clone(), trouble::gateway))
        .route("/orders", post(shop::open_order))
        .route("/orders/{order}", get(ledger::of_order))
        .route("/ledger", get(ledger::show))
        .route("/storm/{side}/{approach}", post(storm::storm))
        .merge(page::routes())
        .with_state(shop)
}
