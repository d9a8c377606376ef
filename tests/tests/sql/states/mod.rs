//! What a user of `state` may rely on, on live databases.
//!
//! The driver's type stands in the signature of a guarded function, so each database compiles these
//! tests for itself: its file here names its driver, and takes the others in.
#![allow(clippy::duplicate_mod, reason = "each database compiles them with its own driver")]

/// Takes in the tests, for the driver that is `Db` around it.
macro_rules! tests_of_the_driver {
    () => {
        #[path = "kills.rs"]
        mod kills;
        #[path = "moves.rs"]
        mod moves;
        #[path = "races.rs"]
        mod races;
        #[path = "refusals.rs"]
        mod refusals;
        #[path = "rollbacks.rs"]
        mod rollbacks;
        #[path = "shop.rs"]
        mod shop;
        #[path = "tables.rs"]
        mod tables;
    };
}

mod mariadb;
mod postgres;
mod sqlite;
