//! What must hold of a decoder, whatever it is given. Each function takes bytes, panics where they break
//! a rule, and says whether the decoder took them.
//!
//! They know of the decoders what users and stored bytes know: the forms that are written down, and the
//! public API where it goes so far. `fuzz` calls them with what libFuzzer makes up; the test of this
//! package with each file of the corpus that came of it.

// It has no unit tests, and those of the macros' files run where the files are.
#![cfg(not(test))]
#![allow(clippy::missing_panics_doc, reason = "to panic is what they are for")]

mod header;
mod record;
mod response;
mod template;
mod token;

// The macros' parser of templates. A crate of macros exports nothing but macros, so its files are
// compiled here once more.
#[allow(dead_code, reason = "other modules of the macros use the rest")]
#[rustfmt::skip]
#[path = "../../../idem-macros/src/errors.rs"]
mod errors;
#[rustfmt::skip]
#[path = "../../../idem-macros/src/template.rs"]
mod parser;
#[allow(dead_code, reason = "the macros ask for more of it")]
#[rustfmt::skip]
#[path = "../../../idem-macros/src/place.rs"]
mod place;

pub use header::header;
pub use record::record;
pub use response::response;
pub use template::template;
pub use token::token;

/// A function of this crate.
pub type Decoder = fn(&[u8]) -> bool;

/// Each of them, by the name of its fuzz target.
pub const ALL: [(&str, Decoder); 5] = [
    ("header", header),
    ("record", record),
    ("response", response),
    ("template", template),
    ("token", token),
];
