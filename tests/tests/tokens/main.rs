//! What a user may rely on of `token`: issuing, verifying, and one use.

/// Makes each of these functions a test on every store: `async fn(Uses)`.
macro_rules! on_every_store {
    ($($test:ident)*) => {
        on_every_store!(@ memory $($test)*);
        on_every_store!(@ redis $($test)*);
        on_every_store!(@ valkey $($test)*);
        on_every_store!(@ postgres $($test)*);
        on_every_store!(@ mariadb $($test)*);
        on_every_store!(@ sqlite $($test)*);
    };
    (@ $store:ident $($test:ident)*) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::support::Uses::$store()).await;
                }
            )*
        }
    };
}

#[path = "../calls/seen.rs"]
#[allow(dead_code, reason = "shared with calls of other strategies")]
mod watch;

mod attribute;
mod commands;
mod forge;
mod hostile;
mod keys;
mod lifecycle;
mod people;
mod processes;
mod races;
mod refusals;
mod seen;
mod support;
mod times;
