//! The guard of a transition.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, Sqlite as Db};

use super::Sqlite;
use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Refusal, Seen, bind_id, statement};
use crate::store::sql::step::{Dialect as _, Verdict};

// An unknown name in double quotes would be taken for text.
const QUOTE: char = '`';

impl Guard for Db {
    async fn try_to_move(
        _: Option<&Sqlite>,
        connection: &mut SqliteConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(statement(include_str!("move.sql"), edge.machine(), QUOTE));
        let update = bind_id!(update, id, large => large.to_string());
        let update = update.bind(edge.from()).bind(edge.to());
        let moved = update.fetch_all(&mut *connection).await?;
        if !moved.is_empty() {
            return Ok(Seen { rows: 0, moved: moved.len() as u64, state: state(&moved)? });
        }
        let look = sqlx::query(statement(include_str!("state.sql"), edge.machine(), QUOTE));
        let rows = bind_id!(look, id, large => large.to_string()).fetch_all(connection).await?;
        Ok(Seen { rows: rows.len() as u64, moved: 0, state: state(&rows)? })
    }

    /// A lock is the whole file's, and the record's claim has met it before.
    fn refused(error: &sqlx::Error) -> Refusal {
        match error.as_database_error() {
            Some(refused) if Self::verdict(refused) == Verdict::Final => Refusal::Mistaken,
            _ => Refusal::Usual,
        }
    }
}

fn state(rows: &[SqliteRow]) -> Result<Option<String>, sqlx::Error> {
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.flatten())
}
