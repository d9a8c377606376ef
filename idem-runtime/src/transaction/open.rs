//! The caller's open transaction.

#[cfg(feature = "_sql")]
use crate::store::sql::guard::Guard;

/// An open transaction that a guarded call can join: sqlx's, of Postgres, MySQL, MariaDB or SQLite,
/// where the feature of that name is on.
///
/// The parameter that `tx` names is a `&mut` of one, and so is what
/// [`Idem::call_tx`](crate::Idem::call_tx) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no open transaction that a guarded call can join",
    label = "not a `sqlx::Transaction`",
    note = "`tx` names a parameter of type `&mut sqlx::Transaction<'_, _>` (`PgTransaction`, \
            `MySqlTransaction`, `SqliteTransaction`), and the feature `postgres`, `mysql` or \
            `sqlite` of `idem-runtime` is on"
)]
pub trait OpenTransaction: sealed::Sealed + Send {
    /// Its database.
    #[cfg(feature = "_sql")]
    #[doc(hidden)]
    type Database: Guard;

    /// Its connection.
    #[cfg(feature = "_sql")]
    #[doc(hidden)]
    fn connection(&mut self) -> &mut <Self::Database as sqlx::Database>::Connection;
}

mod sealed {
    pub trait Sealed {}
}

#[cfg(feature = "_sql")]
macro_rules! open_transaction {
    ($($feature:literal $database:ident)*) => {$(
        #[cfg(feature = $feature)]
        impl sealed::Sealed for sqlx::Transaction<'_, sqlx::$database> {}

        #[cfg(feature = $feature)]
        impl OpenTransaction for sqlx::Transaction<'_, sqlx::$database> {
            type Database = sqlx::$database;

            fn connection(&mut self) -> &mut <sqlx::$database as sqlx::Database>::Connection {
                self
            }
        }
    )*};
}

#[cfg(feature = "_sql")]
open_transaction! {
    "postgres" Postgres
    "mysql" MySql
    "sqlite" Sqlite
}
