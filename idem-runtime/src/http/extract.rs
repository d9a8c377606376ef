//! [`IdempotencyKey`] as an extractor.

use axum_core::extract::FromRequestParts;
use http::Method;
use http::request::Parts;

use super::header::Rule;
use super::rejection::IdempotencyKeyRejection;
use crate::key::IdempotencyKey;

/// From the header `Idempotency-Key`, unless [`idem.layer()`](crate::Idem::layer) names another.
impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = IdempotencyKeyRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        if is_safe(&parts.method) {
            return Err(IdempotencyKeyRejection::SafeMethod);
        }
        Rule::of(&parts.extensions).key(&parts.headers)
    }
}

/// Methods that a server answers by itself, or by a handler written for another: their effect, if
/// any, is not what a client asks for.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::HEAD | Method::OPTIONS)
}
