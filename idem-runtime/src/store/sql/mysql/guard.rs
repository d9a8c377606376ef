//! The guard of a transition.

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlConnection;
use sqlx::{MySql as Db, Row as _};

use super::number;
use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Seen, bind_id, statement};

impl Guard for Db {
    async fn try_to_move(
        connection: &mut MySqlConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(statement(include_str!("move.sql"), edge.machine, '`'));
        let update = bind_id!(update.bind(edge.to()), id, large => *large);
        let moved = update.bind(edge.from()).execute(&mut *connection).await?.rows_affected();
        if moved > 0 {
            return Ok(Seen { rows: 0, moved, state: None });
        }
        // A locking read: another one would tell what the transaction's snapshot holds.
        let state = sqlx::query(statement(include_str!("state.sql"), edge.machine, '`'));
        let rows = bind_id!(state, id, large => *large).fetch_all(connection).await?;
        let state = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
        Ok(Seen { rows: rows.len() as u64, moved, state })
    }

    fn is_locked(error: &dyn DatabaseError) -> bool {
        matches!(number(error), 1205 | 3572)
    }
}
