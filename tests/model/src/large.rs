//! The large models: some minutes, and some gigabytes.

use crate::claims::{Claims, Token};

/// Each by its name, with one crash, one repeated request and one renewal; the last two with one of
/// these, and a third caller.
#[must_use]
pub fn models() -> Vec<(&'static str, Claims)> {
    let token = Token { behind: [0, 1, 0], life: 1, leeway: 1 };
    let bare = Claims { crashes: 0, repeats: 0, renewals: 0, ..Claims::setnx(3) };
    vec![
        ("setnx, 2 callers", Claims::setnx(2)),
        ("setnx, 2 callers in one process", Claims { together: true, ..Claims::setnx(2) }),
        ("count, 2 callers, 1 attempt", Claims::count(2, 1)),
        ("count, 2 callers, 2 attempts", Claims::count(2, 2)),
        ("token, 2 callers", Claims::token(2, token)),
        ("setnx, 3 callers and a crash", Claims { crashes: 1, ..bare.clone() }),
        ("setnx, 3 callers and a renewal", Claims { renewals: 1, ..bare }),
    ]
}
