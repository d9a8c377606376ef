//! The guard of a transition.

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres as Pg, Row as _};

use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Seen, bind_id, statement};

impl Guard for Pg {
    async fn try_to_move(
        connection: &mut PgConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(statement(include_str!("move.sql"), edge.machine, '"'));
        let update = bind_id!(update, id, large => large.to_string());
        let row = update.bind(edge.from()).bind(edge.to()).fetch_one(connection).await?;
        let count = |at| row.try_get::<i64, _>(at).map(i64::unsigned_abs);
        Ok(Seen { rows: count(0)?, moved: count(1)?, state: row.try_get(2)? })
    }

    fn is_locked(error: &dyn DatabaseError) -> bool {
        error.code().as_deref() == Some("55P03")
    }
}
