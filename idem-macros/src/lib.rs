//! The macros of `idem`.
