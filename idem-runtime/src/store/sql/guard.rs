//! The guard of a transition: one conditional update of the entity's row, in the caller's
//! transaction. It never waits for a lock.

use std::collections::BTreeMap;
use std::future::Future;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::inside::Joinable;
use super::table::without_comments;
use crate::error::Error;
use crate::machine::{Edge, Id, Machine, Transition};

/// Whether the guard lets the call pass.
#[derive(Debug)]
pub(crate) enum Passage {
    /// The entity was in the state that the transition starts from, and is in the other.
    Passed,
    /// Another transaction has locked the entity; nothing was done.
    Locked(Error),
}

/// What a conditional update has found and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Rows of this id. Not counted where they were changed.
    pub(super) rows: u64,
    /// Rows that were changed.
    pub(super) moved: u64,
    /// The state of the row, after a change as the database tells it, if it does.
    pub(super) state: Option<String>,
}

/// What the refusal of a guard's statement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another transaction has locked the row; nothing was done, and nothing lost.
    Locked,
    /// The table is not as the machine says.
    Mistaken,
    /// What it means for any statement.
    Usual,
}

/// A database, as far as a guard has to know it.
pub trait Guard: Joinable {
    /// Tries the update, without waiting for a lock, and looks at the row if it changed nothing.
    /// `records` are those of the engine, if it has any.
    fn try_to_move(
        records: Option<&Self::Records>,
        connection: &mut Self::Connection,
        edge: Edge,
        id: &Id,
    ) -> impl Future<Output = Result<Seen, sqlx::Error>> + Send;

    /// What it means that one of these statements was refused.
    fn refused(error: &sqlx::Error) -> Refusal;
}

/// How often what was seen may be older than what was done.
const ROUNDS: usize = 8;

/// Moves the entity from one state to the other.
///
/// # Errors
///
/// [`Error::IllegalTransition`] when it is in another state, or there is no such row.
/// [`Error::Conflict`] when the caller's transaction has lost, [`Error::Config`] where the table is
/// not as the machine says.
pub(crate) async fn guard<DB: Guard>(
    records: Option<&DB::Records>,
    connection: &mut DB::Connection,
    transition: &Transition,
) -> Result<Passage, Error> {
    let edge = transition.edge()?;
    let entity = transition.entity();
    for _ in 0..ROUNDS {
        let seen = match DB::try_to_move(records, connection, edge, entity).await {
            Ok(seen) => seen,
            Err(error) => {
                return match DB::refused(&error) {
                    Refusal::Locked => Ok(Passage::Locked(Error::conflict(error))),
                    Refusal::Mistaken => Err(unlike(edge.machine(), &error)),
                    Refusal::Usual => Err(DB::refusal(error)),
                };
            }
        };
        match judge(&seen, edge) {
            Ruling::Moved => return Ok(Passage::Passed),
            Ruling::Again => {}
            Ruling::Otherwise => break,
            Ruling::Illegal(actual) => return Err(illegal(edge, entity, actual)),
            Ruling::Several => {
                let (table, id) = (edge.machine().table(), edge.machine().id());
                return Err(Error::config(format!(
                    "more than one row of `{table}` has the `{id}` {entity}: an entity is one row"
                )));
            }
        }
    }
    Err(unlike(edge.machine(), &"an update left a row in another state, as a trigger may"))
}

fn illegal(edge: Edge, entity: &Id, actual: Option<String>) -> Error {
    let declared = |state: &str| edge.machine().states().any(|declared| declared == state);
    Error::IllegalTransition {
        entity: entity.to_string(),
        from: edge.from(),
        to: edge.to(),
        known: actual.as_deref().is_none_or(declared),
        actual,
    }
}

fn unlike(machine: &Machine, error: &dyn std::fmt::Display) -> Error {
    let (name, table) = (machine.name(), machine.table());
    Error::config(format!("`{table}` is not as `{name}` says: {error}"))
}

/// What is to be made of what was seen.
#[derive(Debug, PartialEq, Eq)]
enum Ruling {
    Moved,
    /// It is in another state, or there is no such row.
    Illegal(Option<String>),
    /// There is more than one row of this id.
    Several,
    /// What was seen is not what the update has met: it is to be tried again.
    Again,
    /// The row was changed to something else, or not in spite of its state.
    Otherwise,
}

/// Counts of rows are honest here under every setting of a driver, rows that were matched or rows
/// that were changed: no state leads to one of the same name, so a row that is matched is changed.
fn judge(seen: &Seen, edge: Edge) -> Ruling {
    match seen {
        Seen { moved: 1, rows: 0 | 1, state } => match state {
            Some(state) if state != edge.to() => Ruling::Otherwise,
            _ => Ruling::Moved,
        },
        Seen { moved: 0, rows: 0, .. } => Ruling::Illegal(None),
        Seen { moved: 0, rows: 1, state } => match state {
            Some(state) if state == edge.from() => Ruling::Again,
            Some(state) => Ruling::Illegal(Some(state.clone())),
            None => Ruling::Illegal(Some("null".to_owned())),
        },
        _ => Ruling::Several,
    }
}

/// A statement of ours that moves an entity, or looks at it: put together once for each machine.
pub(super) struct Template {
    text: &'static str,
    quote: char,
    /// By where the machine stands, which is for good.
    made: RwLock<BTreeMap<usize, SqlStr>>,
}

impl Template {
    pub(super) const fn new(text: &'static str, quote: char) -> Self {
        Self { text, quote, made: RwLock::new(BTreeMap::new()) }
    }

    /// The statement for this machine's table.
    pub(super) fn of(&self, machine: &'static Machine) -> SqlStr {
        let place = ptr::from_ref(machine).addr();
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        made.unwrap_or_else(|| {
            let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
            made.entry(place).or_insert_with(|| self.fill(machine)).clone()
        })
    }

    /// The machine's names in their places, and no comments.
    fn fill(&self, machine: &Machine) -> SqlStr {
        let Self { text, quote, .. } = self;
        let quoted = |name: &str| {
            let names = name.split('.').map(|name| format!("{quote}{name}{quote}"));
            names.collect::<Vec<_>>().join(".")
        };
        let cast = machine.pg_type().map_or_else(String::new, |name| format!("::{}", quoted(name)));
        let text = without_comments(text)
            .replace("{table}", &quoted(machine.table()))
            .replace("{id}", &quoted(machine.id()))
            .replace("{column}", &quoted(machine.column()))
            .replace("{cast}", &cast);
        // Nothing but names that the derive found plain has been put into a text of ours.
        AssertSqlSafe(Arc::<str>::from(text)).into_sql_str()
    }
}

/// Binds an id as what it is. What an `i64` can't hold is in no column of a database that has no
/// larger integers, unless as text.
macro_rules! bind_id {
    ($query:expr, $id:expr, $unsigned:ident => $value:expr) => {
        match $id {
            Id::Integer(id) => $query.bind(*id),
            Id::Unsigned($unsigned) => $query.bind($value),
            Id::Text(id) => $query.bind(id.clone()),
            #[cfg(feature = "uuid")]
            Id::Uuid(id) => $query.bind(*id),
        }
    };
}
pub(super) use bind_id;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateMachine;

    #[derive(StateMachine)]
    #[state(table = "shop.orders", id = "number", column = "status", pg_type = "shop.status")]
    enum Status {
        #[state(to(Paid))]
        Pending,
        Paid,
    }

    fn edge() -> Edge {
        let edge = Status::MACHINE.edge(Status::Pending as i128, Status::Paid as i128);
        edge.expect("it is declared")
    }

    #[test]
    fn every_count_and_every_state_is_judged() {
        for rows in 0..4_u64 {
            for moved in 0..4_u64 {
                for state in [None, Some("pending"), Some("paid"), Some("frozen")] {
                    let seen = Seen { rows, moved, state: state.map(str::to_owned) };
                    let judged = judge(&seen, edge());
                    let expected = if rows > 1 || moved > 1 {
                        Ruling::Several
                    } else if moved == 1 && state.is_some_and(|state| state != "paid") {
                        Ruling::Otherwise
                    } else if moved == 1 {
                        Ruling::Moved
                    } else if rows == 0 {
                        Ruling::Illegal(None)
                    } else if state == Some("pending") {
                        Ruling::Again
                    } else {
                        Ruling::Illegal(Some(state.unwrap_or("null").to_owned()))
                    };
                    assert_eq!(judged, expected, "{seen:?}");
                }
            }
        }
    }

    #[test]
    fn names_are_quoted_where_they_stand() {
        let text = "-- {table}\nselect {column}{cast} from {table}\n    where {id} = ?";
        let template = Template::new(text, '"');
        for _ in 0..2 {
            assert_eq!(
                template.of(Status::MACHINE).as_str(),
                "select \"status\"::\"shop\".\"status\" from \"shop\".\"orders\"\n\
                 where \"number\" = ?"
            );
        }
    }

    #[test]
    fn each_machine_has_its_own_statement() {
        #[derive(StateMachine)]
        #[state(table = "parcels", id = "code", column = "state")]
        enum Parcel {
            #[state(to(Sent))]
            Packed,
            Sent,
        }

        let template = Template::new("{table}", '`');
        let [order, parcel] =
            [Status::MACHINE, Parcel::MACHINE].map(|machine| template.of(machine));
        assert_eq!((order.as_str(), parcel.as_str()), ("`shop`.`orders`", "`parcels`"));
        assert_eq!(template.of(Status::MACHINE).as_str(), order.as_str());
    }
}
