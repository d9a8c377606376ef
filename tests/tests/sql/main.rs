//! What a user of `db` may rely on, on live databases.

/// Makes each of these functions a test on every database: `async fn(Database)`.
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
                    super::$test(crate::database::Database::$database()).await;
                }
            )*
        }
    };
}

/// The same for what only a server across a network has.
macro_rules! on_every_server {
    ($($test:ident)*) => {
        on_every_database!(@ postgres $($test)*);
        on_every_database!(@ mariadb $($test)*);
    };
}

mod attribute;
mod beside;
mod database;
mod fences;
mod isolation;
mod lost;
mod mariadb;
mod migrate;
mod modes;
mod names;
mod outage;
mod pool;
mod sqlite;
mod standby;
mod statements;
mod states;
mod sweep;
mod together;
