//! SQLite.

use sqlx::Sqlite as Db;

use crate::database::Database;

fn database() -> Database {
    Database::sqlite()
}

/// How a transaction begins that will write: the file has one writer.
const BEGIN: &str = "begin immediate";

/// What stands around a name.
const QUOTE: &str = "\"";

/// What holds a UUID.
const UUID: &str = "blob";

tests_of_the_driver!();
