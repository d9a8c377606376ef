//! `axum-idempotent`: its layer around a route, keyed by the client's header, on a session in
//! Redis. Requests go straight to the router: no socket is between.

use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Path as Segment;
use axum::http::{Request, StatusCode, header};
use axum::routing::post;
use axum::{Extension, Router};
use axum_idempotent::{IdempotentLayer, IdempotentOptions};
use fred::clients::Client;
use fred::interfaces::ClientLike as _;
use fred::types::config::Config;
use ruts::store::Ttl;
use ruts::store::redis::RedisStore;
use ruts::{CookieOptions, Session, SessionLayer};
use tower::ServiceExt as _;
use tower_cookies::CookieManagerLayer;
use worker::{Answer, Effect, Peer};

type Store = RedisStore<Client>;

const DAY: i64 = 24 * 60 * 60;

struct AxumIdempotent {
    app: Router,
    /// The session's cookie: only requests of a session are guarded.
    cookie: String,
}

impl Peer for AxumIdempotent {
    async fn connect(url: &str, folder: &Path) -> Self {
        let config = Config::from_url(url).expect("a URL of a server");
        let client = Client::new(config, None, None, None);
        client.init().await.expect("the server answers");
        let store = Store::new(Arc::new(client)).await.expect("the server takes scripts");
        let options = IdempotentOptions::default()
            .use_idempotency_key_header(Some("Idempotency-Key"), true)
            .expire_after(DAY);
        let app = Router::new()
            .route("/charge/{order}", post(charge))
            .layer(IdempotentLayer::<Store>::new(options))
            .route("/login", post(login))
            .layer(
                SessionLayer::new(Arc::new(store))
                    .with_cookie_options(CookieOptions::build().name("session").path("/")),
            )
            .layer(CookieManagerLayer::new());
        let cookie = shared_cookie(&app, &folder.join("cookie")).await;
        Self { app, cookie }
    }

    async fn charge(&self, order: &str, effect: Effect) -> Answer {
        let request = Request::post(format!("/charge/{order}"))
            .header("Idempotency-Key", order)
            .header(header::COOKIE, &self.cookie)
            .extension(effect)
            .body(Body::empty())
            .expect("a legal request");
        let Ok(response) = self.app.clone().oneshot(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        let text = String::from_utf8_lossy(&body).into_owned();
        match status {
            StatusCode::OK => Answer::Receipt(text),
            _ => Answer::Failed(format!("{status} {text}")),
        }
    }
}

async fn charge(Segment(order): Segment<String>, Extension(effect): Extension<Effect>) -> String {
    effect.charge(&order).await
}

async fn login(session: Session<Store>) {
    let day = Ttl::new(DAY).expect("a legal time");
    session.set("user", &1, day, None).await.expect("the server takes a session");
}

/// The duplicates of a run are one user's: the first worker logs in, and the others take its
/// cookie.
async fn shared_cookie(app: &Router, file: &Path) -> String {
    let request = Request::post("/login").body(Body::empty()).expect("a legal request");
    let Ok(response) = app.clone().oneshot(request).await;
    let set = response.headers()[header::SET_COOKIE].to_str().expect("a cookie of ASCII");
    let mine = set.split(';').next().unwrap_or_default();
    let draft = file.with_extension(std::process::id().to_string());
    std::fs::write(&draft, mine).expect("the folder takes a file");
    // The link is made by one worker, and is whole when it is there.
    let _ = std::fs::hard_link(&draft, file);
    std::fs::read_to_string(file).expect("a cookie is there")
}

fn main() {
    worker::main::<AxumIdempotent>();
}
