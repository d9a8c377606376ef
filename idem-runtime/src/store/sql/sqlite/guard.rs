//! The guard of a transition.

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row as _, Sqlite as Db};

use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Seen, bind_id, statement};

// An unknown name in double quotes would be taken for text.
const QUOTE: char = '`';

impl Guard for Db {
    async fn try_to_move(
        connection: &mut SqliteConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(statement(include_str!("move.sql"), edge.machine, QUOTE));
        let update = bind_id!(update, id, large => large.to_string());
        let update = update.bind(edge.from()).bind(edge.to());
        let moved = update.fetch_all(&mut *connection).await?.len() as u64;
        if moved > 0 {
            return Ok(Seen { rows: 0, moved, state: None });
        }
        let state = sqlx::query(statement(include_str!("state.sql"), edge.machine, QUOTE));
        let rows = bind_id!(state, id, large => large.to_string()).fetch_all(connection).await?;
        let state = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
        Ok(Seen { rows: rows.len() as u64, moved, state })
    }

    /// The record's claim has locked the whole file before.
    fn is_locked(_: &dyn DatabaseError) -> bool {
        false
    }
}
