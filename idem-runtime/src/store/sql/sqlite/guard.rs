//! The guard of a transition.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, Sqlite as Db};

use super::Sqlite;
use crate::machine::{Edge, Id};
use crate::store::sql::guard::{Guard, Refusal, Seen, Template, bind_id};
use crate::store::sql::step::{Dialect as _, Verdict};

// An unknown name in double quotes would be taken for text.
const QUOTE: char = '`';

static MOVE: Template = Template::new(include_str!("move.sql"), QUOTE);
static STATE: Template = Template::new(include_str!("state.sql"), QUOTE);

impl Guard for Db {
    async fn try_to_move(
        _: Option<&Sqlite>,
        connection: &mut SqliteConnection,
        edge: Edge,
        id: &Id,
    ) -> Result<Seen, sqlx::Error> {
        let update = sqlx::query(MOVE.of(edge.machine()));
        let update = bind_id!(update, id, large => large.to_string());
        let update = update.bind(edge.from()).bind(edge.to());
        let moved = update.fetch_all(&mut *connection).await?;
        if !moved.is_empty() {
            return Ok(Seen { rows: 0, moved: moved.len() as u64, state: state(&moved)? });
        }
        let look = sqlx::query(STATE.of(edge.machine()));
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

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Executor as _};

    use super::*;
    use crate::error::Error;
    use crate::machine::Transition;
    use crate::store::sql::guard::{Passage, guard};
    use crate::{EntityId, StateMachine};

    #[derive(StateMachine)]
    #[state(table = "orders", id = "number", column = "status")]
    enum Status {
        #[state(to(Paid))]
        Pending,
        Paid,
    }

    async fn orders() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let orders = "create table orders (number integer, status text); \
                      insert into orders values (1, 'pending'), (2, 'paid'), (3, 'lost'), \
                      (4, null), (5, 'pending'), (5, 'pending')";
        connection.execute(sqlx::raw_sql(orders)).await.unwrap();
        connection
    }

    async fn pay(
        connection: &mut SqliteConnection,
        order: impl EntityId,
    ) -> Result<Passage, Error> {
        let transition = Transition::new(Status::Pending, Status::Paid, order);
        guard::<Db>(None, connection, &transition).await
    }

    #[tokio::test]
    async fn a_row_is_moved_once() {
        let mut orders = orders().await;
        assert!(matches!(pay(&mut orders, 1_i64).await, Ok(Passage::Passed)));
        let states = "select group_concat(status) from orders where number < 3";
        let states: String = sqlx::query_scalar(states).fetch_one(&mut orders).await.unwrap();
        assert_eq!(states, "paid,paid");
        for (order, found, is_declared) in [
            (1_i64, Some("paid"), true),
            (2, Some("paid"), true),
            (3, Some("lost"), false),
            (4, Some("null"), false),
            (9, None, true),
        ] {
            let told = pay(&mut orders, order).await.unwrap_err();
            let Error::IllegalTransition { entity, actual, known, .. } = &told else {
                panic!("{told:?}")
            };
            assert_eq!(*entity, order.to_string());
            assert_eq!((actual.as_deref(), *known), (found, is_declared), "{told}");
        }
        let several = pay(&mut orders, 5_i64).await.unwrap_err().to_string();
        assert!(several.contains("more than one row of `orders` has the `number` 5"), "{several}");
    }

    #[tokio::test]
    async fn a_trigger_that_keeps_the_row_as_it_is_is_told() {
        let mut orders = orders().await;
        let keep = "create trigger keep before update on orders begin select raise(ignore); end";
        orders.execute(keep).await.unwrap();
        let told = pay(&mut orders, 1_i64).await.unwrap_err();
        assert_eq!(told.code(), "config");
        assert!(told.to_string().contains("as a trigger may"), "{told}");
    }

    #[tokio::test]
    async fn a_table_that_is_not_as_the_machine_says_is_told() {
        let mut orders = orders().await;
        orders.execute("alter table orders rename column status to state").await.unwrap();
        let told = pay(&mut orders, 1_i64).await.unwrap_err();
        assert_eq!(told.code(), "config");
        assert!(told.to_string().contains("`orders` is not as `Status` says"), "{told}");
    }
}
