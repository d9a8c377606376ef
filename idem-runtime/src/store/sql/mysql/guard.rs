//! The guard of a transition.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{MySql as Db, Row as _};

use super::{MySql, number};
use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Refusal, Seen, Template, bind_id};
use crate::store::sql::step::{Dialect as _, Verdict};

static MOVE: Template = Template::new(include_str!("move.sql"), '`');
static STATE: Template = Template::new(include_str!("state.sql"), '`');

impl Guard for Db {
    async fn try_to_move(
        records: Option<&MySql>,
        connection: &mut MySqlConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        // Where the update might wait, it comes to a row that is locked by us, or not at all.
        if !records.is_some_and(MySql::is_mariadb) {
            let seen = look(connection, edge, id).await?;
            if seen.state.as_deref() != Some(edge.from()) {
                return Ok(seen);
            }
        }
        let update = sqlx::query(MOVE.of(edge.machine()));
        let update = bind_id!(update.bind(edge.to()), id, large => *large);
        let done = update.bind(edge.from()).execute(&mut *connection).await?;
        match done.rows_affected() {
            0 => look(connection, edge, id).await,
            moved => Ok(Seen { rows: 0, moved, state: None }),
        }
    }

    fn refused(error: &sqlx::Error) -> Refusal {
        match error.as_database_error() {
            Some(refused) if matches!(number(refused), 1205 | 3572) => Refusal::Locked,
            Some(refused) if Self::verdict(refused) == Verdict::Final => Refusal::Mistaken,
            _ => Refusal::Usual,
        }
    }
}

/// Locks the row, and tells its state. A read without a lock would tell what the transaction's
/// snapshot holds.
async fn look(connection: &mut MySqlConnection, edge: Edge, id: &Id) -> Result<Seen, sqlx::Error> {
    let look = sqlx::query(STATE.of(edge.machine()));
    let rows = bind_id!(look, id, large => *large).fetch_all(connection).await?;
    let state = rows.first().map(|row: &MySqlRow| row.try_get(0)).transpose()?.flatten();
    Ok(Seen { rows: rows.len() as u64, moved: 0, state })
}
