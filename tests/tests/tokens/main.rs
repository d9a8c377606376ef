//! What a user may rely on of `token`: issuing, verifying, and one use.

mod lifecycle;
mod support;
