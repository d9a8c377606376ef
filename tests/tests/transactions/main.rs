//! What a user of `tx = …` may rely on, on live databases.

/// Makes each of these functions a test on every database: `async fn<DB: Kind>(Place<DB>)`.
macro_rules! on_every_database {
    ($($test:ident)*) => {
        on_every_database!(@ postgres $($test)*);
        on_every_database!(@ mariadb $($test)*);
        on_every_database!(@ sqlite $($test)*);
    };
    (@ $database:ident $($test:ident)*) => {
        mod $database {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::bank::$database().await).await;
                }
            )*
        }
    };
}

/// The same where the key alone is locked, and not the file.
macro_rules! on_every_server {
    ($($test:ident)*) => {
        on_every_database!(@ postgres $($test)*);
        on_every_database!(@ mariadb $($test)*);
    };
}

mod attribute;
mod bank;
mod basics;
mod bodies;
mod isolation;
mod leaving;
mod lost;
mod misuse;
mod observability;
mod records;
mod rivals;
#[path = "../calls/seen.rs"]
#[allow(dead_code, reason = "shared with calls of other strategies")]
mod seen;
mod sqlite;
mod statements;
mod sweeps;
mod waiting;
