//! The guard of a transition.

use sqlx::postgres::PgConnection;
use sqlx::{Postgres as Pg, Row as _};

use super::Postgres;
use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Refusal, Seen, Template, bind_id};
use crate::store::sql::step::{Dialect as _, Verdict};

static MOVE: Template = Template::new(include_str!("move.sql"), '"');

impl Guard for Pg {
    async fn try_to_move(
        _: Option<&Postgres>,
        connection: &mut PgConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(MOVE.of(edge.machine()));
        let update = bind_id!(update, id, large => large.to_string());
        let rows = update.bind(edge.from()).bind(edge.to()).fetch_all(connection).await?;
        let mut seen = Seen { rows: 0, moved: 0, state: None };
        for row in rows {
            let count = if row.try_get(1)? { &mut seen.moved } else { &mut seen.rows };
            *count += 1;
            seen.state = row.try_get(0)?;
        }
        Ok(seen)
    }

    fn refused(error: &sqlx::Error) -> Refusal {
        match error.as_database_error() {
            Some(refused) if refused.code().as_deref() == Some("55P03") => Refusal::Locked,
            Some(refused) if Self::verdict(refused) == Verdict::Final => Refusal::Mistaken,
            _ => Refusal::Usual,
        }
    }
}
