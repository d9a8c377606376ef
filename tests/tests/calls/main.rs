//! What a user may rely on, on every store that it concerns.

/// Makes each of these functions a test on every store: `async fn(Place)`.
macro_rules! on_every_store {
    ($($test:ident)*) => {
        on_every_store!(@ memory $($test)*);
        on_every_redis! { $($test)* }
        on_every_store!(@ postgres $($test)*);
        on_every_store!(@ mariadb $($test)*);
        on_every_store!(@ sqlite $($test)*);
    };
    (@ $store:ident $($test:ident)*) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(kit::place::Place::$store()).await;
                }
            )*
        }
    };
}

/// The same on every Redis and Valkey, in each dialect.
macro_rules! on_every_redis {
    ($($test:ident)*) => {
        on_every_store!(@ redis $($test)*);
        on_every_store!(@ scripts $($test)*);
        on_every_store!(@ valkey $($test)*);
    };
}

/// The same on every store that counts.
macro_rules! on_every_counter {
    ($($test:ident)*) => {
        on_every_store!(@ memory $($test)*);
        on_every_redis! { $($test)* }
    };
}

mod boundaries;
mod cancellation;
mod commands;
mod concurrency;
mod count;
mod detached;
mod downstream;
mod engine;
mod failures;
mod fingerprint;
mod keys;
mod leases;
mod lifecycle;
mod observability;
mod outcome;
mod people;
mod reentrancy;
mod results;
mod seen;
mod shutdown;
mod support;
mod unguarded;
mod waiting;
