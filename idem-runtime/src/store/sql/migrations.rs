//! The steps by which a table came to be what this version of the library works with. Additive: a
//! process of an older version works with a newer table, while a deploy is under way.

use sqlx::{
    AssertSqlSafe, Database, Decode, Executor, IntoArguments, Pool, Row as _, SqlSafeStr as _,
    SqlStr, Type,
};

use super::step::Dialect;
use super::table::Table;
use crate::error::Error;

/// One step. It may be run again.
#[derive(Debug)]
pub(super) struct Migration {
    version: i32,
    title: &'static str,
    text: &'static str,
}

const HEADING: &str = "--- ";

impl Migration {
    /// All of a database's, in order: parts of a file that begin with `--- version: title`.
    pub(super) fn all(file: &'static str) -> impl Iterator<Item = Self> {
        file.split(HEADING).skip(1).map(|part| {
            let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
            let (version, title) = heading.split_once(": ").unwrap_or((heading, ""));
            let version = version.parse().unwrap_or_else(|_| unreachable!("a file of ours"));
            Self { version, title, text }
        })
    }

    /// The version that they lead to.
    pub(super) fn last(file: &'static str) -> i32 {
        Self::all(file).map(|migration| migration.version).max().unwrap_or(0)
    }

    /// The statements of this step, which also note that it was done: by `versions`, the
    /// database's own text with `{version}` in it.
    pub(super) fn script(&self, table: &Table, versions: &str) -> SqlStr {
        AssertSqlSafe(self.text(table, versions)).into_sql_str()
    }

    fn text(&self, table: &Table, versions: &str) -> String {
        let note = versions.replace("{version}", &self.version.to_string());
        table.fill(&format!("{}\n{}\n", self.text.trim(), note.trim()))
    }

    /// All steps as people run them.
    pub(super) fn print(file: &'static str, table: &Table, versions: &str) -> String {
        let part = |migration: Self| {
            let Self { version, title, .. } = migration;
            format!("-- {version}: {title}\n{}", migration.text(table, versions))
        };
        Self::all(file).map(part).collect::<Vec<_>>().join("\n")
    }
}

/// Whether every step of the file was done on this table before. Asks for no right but to read.
pub(super) async fn is_current<DB: Dialect>(
    pool: &Pool<DB>,
    table: &Table,
    file: &'static str,
) -> Result<bool, Error>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    <DB as Database>::Arguments: IntoArguments<DB>,
    for<'r> i32: Decode<'r, DB> + Type<DB>,
    usize: sqlx::ColumnIndex<DB::Row>,
{
    let version = table.statement("select max(version) from {migrations}");
    match sqlx::query(version).fetch_one(pool).await {
        Ok(row) => {
            let version: Option<i32> = row.try_get(0).map_err(Error::outage)?;
            Ok(version >= Some(Migration::last(file)))
        }
        Err(error) if error.as_database_error().is_some_and(DB::is_missing_table) => Ok(false),
        Err(error) => Err(Error::outage(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- Of a database.\n--- 1: the table\ncreate table {table} ()\n\n--- 3: more\nalter table {table}\n";

    #[test]
    fn a_file_is_its_steps_in_order() {
        let steps = Migration::all(FILE).map(|step| (step.version, step.title));
        assert_eq!(steps.collect::<Vec<_>>(), [(1, "the table"), (3, "more")]);
        assert_eq!(Migration::last(FILE), 3);
        assert_eq!(Migration::last(""), 0);
    }

    #[test]
    fn a_step_notes_that_it_was_done() {
        let table = Table::new("idem", '"').unwrap();
        let note = "insert into {migrations} values ({version})\n";
        let first = "create table \"idem\" ()\ninsert into \"idem_migrations\" values (1)\n";
        let step = Migration::all(FILE).next().unwrap();
        assert_eq!(step.script(&table, note).as_str(), first);
        let second = "alter table \"idem\"\ninsert into \"idem_migrations\" values (3)\n";
        assert_eq!(
            Migration::print(FILE, &table, note),
            format!("-- 1: the table\n{first}\n-- 3: more\n{second}")
        );
    }
}
