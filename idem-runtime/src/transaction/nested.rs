//! The transaction inside of the caller's that a call's claim, body and result share.

use sqlx::Database;
use sqlx_core::transaction::TransactionManager as _;

use super::OpenTransaction;
use crate::__private::crash;
use crate::error::Error;
use crate::store::sql::inside::{Answers, Joinable as _};

type Manager<T> = <<T as OpenTransaction>::Database as Database>::TransactionManager;

/// A transaction inside of the caller's, on its connection. It is undone unless it is
/// [kept](Self::keep): dropped, its rollback is queued before whatever the connection is told next.
#[must_use]
pub(super) struct Nested<'t, T: OpenTransaction> {
    /// `None` once it is over.
    outer: Option<&'t mut T>,
}

impl<'t, T: OpenTransaction> Nested<'t, T> {
    /// # Errors
    ///
    /// [`Error::Conflict`] when the caller's transaction has failed or is over.
    pub(super) async fn open(outer: &'t mut T) -> Result<Self, Error> {
        let connection = outer.connection();
        if Manager::<T>::get_transaction_depth(connection) == 0 {
            return Err(Error::conflict("the transaction is not open any more"));
        }
        crash::before("open");
        let opened = T::Database::open(connection).await;
        crash::after("open");
        opened.map_err(T::Database::refusal)?;
        Ok(Self { outer: Some(outer) })
    }

    /// The caller's own handle, which is inside now.
    pub(super) fn transaction(&mut self) -> &mut T {
        self.outer.as_mut().unwrap_or_else(|| unreachable!("it is open until it is given away"))
    }

    pub(super) fn connection(&mut self) -> &mut <T::Database as Database>::Connection {
        self.transaction().connection()
    }

    /// Makes what was done inside a part of the caller's transaction.
    pub(super) async fn keep(mut self, answers: Answers) -> Result<(), Error> {
        crash::before("keep");
        let kept = T::Database::keep(self.connection(), answers).await;
        crash::after("keep");
        kept.map_err(T::Database::refusal)?;
        self.outer = None;
        Ok(())
    }

    /// Undoes what was done inside, and gives back the caller's transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when that has been undone with it.
    pub(super) async fn undo(mut self) -> Result<&'t mut T, Error> {
        crash::before("undo");
        let undone = Manager::<T>::rollback(self.connection()).await;
        crash::after("undo");
        undone.map_err(|error| match error {
            sqlx::Error::Database(_) => Error::conflict(error),
            _ => Error::outage(error),
        })?;
        Ok(self.outer.take().unwrap_or_else(|| unreachable!("it is given away once")))
    }
}

impl<T: OpenTransaction> Drop for Nested<'_, T> {
    fn drop(&mut self) {
        if let Some(outer) = self.outer.take() {
            Manager::<T>::start_rollback(outer.connection());
        }
    }
}
