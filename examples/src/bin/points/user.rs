//! Who asks, and who may.

use axum::extract::{FromRequestParts, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse as _, Response};
use idem::KeyPart;

use super::App;
use super::ledger::Unavailable;

/// A service looks its bearer tokens up; here the token is the user's name.
#[derive(KeyPart, Clone, PartialEq)]
pub(crate) struct User(pub(crate) String);

/// Runs before anything is claimed or replayed: who may not ask gets no stored answer either.
impl FromRequestParts<App> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Some(user) = bearer(&parts.headers) else {
            let how = [(header::WWW_AUTHENTICATE, "Bearer")];
            return Err((StatusCode::UNAUTHORIZED, how).into_response());
        };
        match app.ledger.has_access(&user).await {
            Ok(true) => Ok(user),
            Ok(false) => Err(StatusCode::FORBIDDEN.into_response()),
            Err(unavailable) => Err(unavailable.into_response()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<User> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next().map(HeaderValue::to_str)?.ok()?;
    let (scheme, token) = line.split_once(' ')?;
    let user = token.trim();
    // Of two lines nobody knows which one a proxy has looked at.
    let is_one = lines.next().is_none();
    (is_one && scheme.eq_ignore_ascii_case("bearer") && !user.is_empty())
        .then(|| User(user.to_owned()))
}

/// A user whose token has been stolen, say.
pub(crate) async fn give_up_access(
    State(app): State<App>,
    user: User,
) -> Result<StatusCode, Unavailable> {
    app.ledger.revoke(&user).await?;
    Ok(StatusCode::NO_CONTENT)
}
