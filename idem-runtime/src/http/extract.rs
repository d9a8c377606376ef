//! [`IdempotencyKey`] as an extractor.

use axum_core::extract::FromRequestParts;
use http::request::Parts;

use super::header::Rule;
use super::layer::is_safe;
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
