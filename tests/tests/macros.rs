//! What `#[idempotent]`, `key!` and `#[derive(KeyPart)]` accept, and the keys that they render.

mod macros {
    mod key_part;
    mod keys;
    mod options;
    mod results;
    mod shapes;
}
