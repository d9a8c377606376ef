//! The guard of a transition.

use sqlx::postgres::PgConnection;
use sqlx::{Postgres as Pg, Row as _};

use super::Postgres;
use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Refusal, Seen, bind_id, statement};
use crate::store::sql::step::{Dialect as _, Verdict};

impl Guard for Pg {
    async fn try_to_move(
        _: Option<&Postgres>,
        connection: &mut PgConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(statement(include_str!("move.sql"), edge.machine(), '"'));
        let update = bind_id!(update, id, large => large.to_string());
        let row = update.bind(edge.from()).bind(edge.to()).fetch_one(connection).await?;
        let count = |at| row.try_get::<i64, _>(at).map(i64::unsigned_abs);
        Ok(Seen { rows: count(0)?, moved: count(1)?, state: row.try_get(2)? })
    }

    fn refused(error: &sqlx::Error) -> Refusal {
        match error.as_database_error() {
            Some(refused) if refused.code().as_deref() == Some("55P03") => Refusal::Locked,
            Some(refused) if Self::verdict(refused) == Verdict::Final => Refusal::Mistaken,
            _ => Refusal::Usual,
        }
    }
}
