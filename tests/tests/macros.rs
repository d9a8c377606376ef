//! What `#[idempotent]`, `key!` and the derives accept, and the keys that they render.
#![allow(dead_code, reason = "most cases are type-checked only")]

mod macros {
    mod key_part;
    mod keys;
    mod looks;
    mod options;
    mod results;
    mod shapes;
    mod state_machine;
    mod transitions;
}
