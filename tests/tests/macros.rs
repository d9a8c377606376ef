//! What `#[idempotent]`, `key!` and `#[derive(KeyPart)]` accept, and the keys that they render.

mod macros {
    mod keys;
    mod key_part;
    mod options;
    mod results;
    mod shapes;
}
