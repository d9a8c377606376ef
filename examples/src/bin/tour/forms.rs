use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Form, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::post;
use idem::{Idem, IdempotencyKey, Token, idempotent};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
pub struct User {
    id: u64,
}

#[derive(Clone)]
pub struct App {
    idem: Idem,
}

#[derive(Serialize, Deserialize)]
pub struct Donation {
    amount: u64,
}

#[derive(Deserialize)]
pub struct Gift {
    amount: u64,
    token: Token,
}

#[idempotent(
    key = "donate:{user.id}:{key}",
    strategy = "setnx",
    engine = app.idem,
    wait = "5s", // a duplicate gets the answer when it is there, and not when it asks again
    fingerprint(donation)
)]
pub async fn donate(
    State(app): State<App>,
    Extension(user): Extension<User>,
    key: IdempotencyKey,
    Form(donation): Form<Donation>,
) -> Response {
    let receipt = donation.amount; // here the money would move
    Redirect::to(&format!("/receipts/{receipt}")).into_response() // 303
}

pub fn site(idem: Idem) -> Router {
    Router::new()
        .route("/idem.js", idem::http::frontend())
        .route("/donate", post(donate))
        .layer(idem.layer()) // marks replays, and lets no client that leaves stop a body
        .with_state(App { idem })
}

pub fn form(app: &App, user: &User) -> Result<Html<String>, idem::Error> {
    let token = app.idem.issue_token(&idem::key!("give:{user.id}"), Duration::from_mins(15))?;
    Ok(Html(format!(
        r#"<script type="module" src="/idem.js"></script>
        <form method="post" action="/give" data-idem>
            <input type="hidden" name="token" value="{}" data-idem-token>
            <label>Amount <input name="amount" type="number" required></label>
            <button>Give</button>
        </form>"#,
        token.as_str()
    )))
}

#[idempotent(
    strategy = "token",
    key = "give:{user.id}",
    token = gift.token,
    engine = app.idem,
    wait = "5s",
    fingerprint(gift.amount)
)]
pub async fn give(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Form(gift): Form<Gift>,
) -> Response {
    Redirect::to("/thanks").into_response()
}

/// Shows the form, and sends it twice.
pub async fn show(idem: Idem) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    drop(site(idem.clone()));
    let (app, user) = (App { idem }, User { id: 42 });
    let Html(page) = form(&app, &user)?;
    let token = page.split('"').find(|text| text.starts_with("eyJ")).ok_or("no token")?;
    for _ in 0..2 {
        let gift = Form(Gift { amount: 5, token: Token::from(token) });
        let answer = give(State(app.clone()), Extension(user.clone()), gift).await;
        println!("form:   {}", answer.status());
    }
    Ok(())
}
