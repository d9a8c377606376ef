//! Points that are credited once, behind a proxy that sends each request twice.
//!
//! ```text
//! PORT=3001 IDEM_REDIS_URL=redis://127.0.0.1/ cargo run -p examples --bin points
//! PORT=3002 IDEM_REDIS_URL=redis://127.0.0.1/ cargo run -p examples --bin points
//! nginx -e stderr -p "$(mktemp -d)" -c "$PWD/examples/src/bin/points/nginx.conf"
//!
//! curl -i localhost:8080/credit -H 'Authorization: Bearer ada' -H 'Idempotency-Key: k-1' \
//!     --json '{"account": "a", "points": 10, "delay_ms": 3000, "effect": "first"}'
//! curl localhost:8080/balance/a
//! ```
//!
//! The handler takes three seconds, Nginx has the patience of one, and asks the second instance. With
//! `/unprotected/credit` the points are there twice. `docs/guide/proxies.md` goes through it.
//!
//! Without `IDEM_REDIS_URL` there is one instance, and both points and records are in its memory.
//! `PORT` says where it listens, else 3000.
//!
//! | request | answer |
//! |---|---|
//! | `POST /credit`, with `Idempotency-Key` | 201 `{"account", "balance", "credit_id"}` and `Location` |
//! | `PUT /credit/{name}` | the same, by a name of the client's in the place of the header |
//! | `POST /unprotected/credit`, `PUT /unprotected/credit/{name}` | the same handlers without the attribute |
//! | `GET /credits/{credit_id}` | what was credited: where a `Location` leads |
//! | `GET /balance/{account}` | `{"balance"}`, 0 where nothing was credited |
//! | `DELETE /access` | 204; who asks is refused from now on |
//! | `GET /healthz` | 200 |
//!
//! All but `GET /balance` and `GET /healthz` ask for `Authorization: Bearer <user>`.

mod body;
mod credit;
mod ledger;
mod user;

use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post, put};
use idem::Idem;
use tokio::signal::unix::{SignalKind, signal};

use ledger::Ledger;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What handlers share.
#[derive(Clone)]
struct App {
    idem: Idem,
    ledger: Ledger,
}

impl App {
    async fn from_env() -> Result<Self, Fault> {
        Ok(match std::env::var("IDEM_REDIS_URL") {
            Ok(url) if !url.is_empty() => {
                Self { idem: Idem::from_env().await?, ledger: Ledger::in_redis(&url).await? }
            }
            // Records live as long as the points that they speak of.
            _ => Self { idem: Idem::in_memory(), ledger: Ledger::in_memory() },
        })
    }

    fn router(self) -> Router {
        Router::new()
            .route("/credit", post(credit::credit))
            .route("/credit/{name}", put(credit::credit_named))
            .route("/unprotected/credit", post(credit::unprotected))
            .route("/unprotected/credit/{name}", put(credit::unprotected))
            .route("/credits/{credit_id}", get(credit::show))
            .route("/balance/{account}", get(credit::balance))
            .route("/access", delete(user::give_up_access))
            .route("/healthz", get(|| async {}))
            .layer(self.idem.layer())
            .layer(middleware::from_fn(body::read))
            .with_state(self)
    }
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let app = App::from_env().await?;
    let idem = app.idem.clone();
    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse());
    let port: u16 = port.map_err(|_| "PORT is a number up to 65535")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);

    axum::serve(listener, app.router())
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
    // Clients and proxies that have left are not waited for above; their bodies are, here.
    idem.shutdown(Duration::from_secs(30)).await;
    Ok(())
}
