//! Named points before and after each step of a store on the path of a call, at which a test ends the
//! process.
//!
//! Only a build with debug assertions and the private feature `_crash` has them; in every other one
//! these functions are empty. A process is told where to end by two variables:
//!
//! | variable | |
//! |---|---|
//! | `IDEM_CRASH_AT` | `after claim 2`: at the second visit of that point; at once, as by `SIGKILL` |
//! | `IDEM_CRASH_TRACE` | prints `at after claim 2` at each visit, so that a test need not know them |

/// `step` is sent next.
#[cfg(not(all(feature = "_crash", debug_assertions)))]
#[inline]
pub const fn before(_step: &'static str) {}

/// `step` is answered, or has failed.
#[cfg(not(all(feature = "_crash", debug_assertions)))]
#[inline]
pub const fn after(_step: &'static str) {}

#[cfg(all(feature = "_crash", debug_assertions))]
pub use armed::{after, before};

#[cfg(all(feature = "_crash", debug_assertions))]
mod armed {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};

    /// What this process was told, and how often it has come to each point.
    struct Orders {
        at: Option<String>,
        traces: bool,
        visits: Mutex<HashMap<String, u32>>,
    }

    static ORDERS: LazyLock<Option<Orders>> = LazyLock::new(|| {
        let at = std::env::var("IDEM_CRASH_AT").ok();
        let traces = std::env::var_os("IDEM_CRASH_TRACE").is_some();
        (at.is_some() || traces).then(|| Orders { at, traces, visits: Mutex::default() })
    });

    /// `step` is sent next.
    pub fn before(step: &'static str) {
        visit("before", step);
    }

    /// `step` is answered, or has failed.
    pub fn after(step: &'static str) {
        visit("after", step);
    }

    fn visit(side: &str, step: &str) {
        let Some(orders) = &*ORDERS else { return };
        let point = format!("{side} {step}");
        let number = {
            let mut visits = orders.visits.lock().unwrap_or_else(PoisonError::into_inner);
            let visits = visits.entry(point.clone()).or_default();
            *visits += 1;
            *visits
        };
        let visit = format!("{point} {number}");
        if orders.traces {
            println!("at {visit}");
        }
        if orders.at.as_ref() == Some(&visit) {
            // No destructor, no queue that is flushed, no task that goes on.
            std::process::abort();
        }
    }
}
