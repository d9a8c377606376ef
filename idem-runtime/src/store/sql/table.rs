//! The table of records: its name, and statements that carry it.

use std::fmt;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use crate::error::Error;

/// A table's name that is safe to stand in a statement: `name` or `schema.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    schema: Option<String>,
    name: String,
    quote: char,
}

/// A table's own name is so long at most, so that its index has one in every database.
const LONGEST: usize = 48;
/// A schema's name, in MySQL a database's.
const LONGEST_SCHEMA: usize = 63;

impl Table {
    /// # Errors
    ///
    /// [`Error::Config`] for a name that would have to be escaped, or is too long.
    pub(super) fn new(name: &str, quote: char) -> Result<Self, Error> {
        let (schema, own) = match name.split_once('.') {
            Some((schema, own)) => (Some(schema), own),
            None => (None, name),
        };
        let safe = schema.is_none_or(|schema| is_plain(schema, LONGEST_SCHEMA));
        if safe && is_plain(own, LONGEST) {
            Ok(Self { schema: schema.map(str::to_owned), name: own.to_owned(), quote })
        } else {
            Err(Error::config(format!(
                "the table name {name:?} is not safe in a statement: write `name` or `schema.name`, \
                 each of letters, digits and `_`, beginning with no digit, at most {LONGEST} \
                 characters long"
            )))
        }
    }

    /// A statement of ours, with its names in their places, and without its comments and its
    /// indentation: a driver hashes it each time that it is sent.
    pub(super) fn statement(&self, template: &str) -> SqlStr {
        let text = self.fill(&without_comments(template));
        // Nothing but names that were found plain has been put into a text of ours.
        AssertSqlSafe(Arc::<str>::from(text)).into_sql_str()
    }

    /// A text of ours with the names in their places.
    pub(super) fn fill(&self, template: &str) -> String {
        let quote = self.quote;
        let schema = self.schema.as_ref();
        let schema = schema.map_or(String::new(), |schema| format!("{quote}{schema}{quote}."));
        let versions = Self { name: format!("{}_migrations", self.name), ..self.clone() };
        template
            .replace("{table}", &self.to_string())
            .replace("{migrations}", &versions.to_string())
            .replace("{schema}", &schema)
            .replace("{own}", &format!("{quote}{}{quote}", self.name))
            .replace("{index}", &format!("{quote}{}_expires_at{quote}", self.name))
    }
}

impl fmt::Display for Table {
    /// Quoted, so that its case is kept and it may be a keyword.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = self.quote;
        if let Some(schema) = &self.schema {
            write!(f, "{quote}{schema}{quote}.")?;
        }
        write!(f, "{quote}{}{quote}", self.name)
    }
}

/// A statement of ours without its comments and its indentation.
pub(super) fn without_comments(template: &str) -> String {
    let code = template.lines().map(str::trim).filter(|line| !line.starts_with("--"));
    code.collect::<Vec<_>>().join("\n")
}

fn is_plain(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_names_are_quoted() {
        for (name, quoted) in [
            ("idem_records", r#""idem_records""#),
            ("shop.idem", r#""shop"."idem""#),
            ("Select.From", r#""Select"."From""#),
            ("_1", r#""_1""#),
        ] {
            assert_eq!(Table::new(name, '"').unwrap().to_string(), quoted);
        }
        let longest = format!("{}.{}", "s".repeat(LONGEST_SCHEMA), "t".repeat(LONGEST));
        assert!(Table::new(&longest, '"').is_ok());
    }

    #[test]
    fn unsafe_names_are_refused() {
        let long = "x".repeat(LONGEST + 1);
        let long_schema = format!("{}.a", "x".repeat(LONGEST_SCHEMA + 1));
        for name in [
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "a b",
            "a;drop table b",
            "a\"b",
            "a`b",
            "a--",
            "1a",
            "ä",
            "a\0",
            "a-b",
            "{table}",
            &long,
            &long_schema,
        ] {
            let refused = Table::new(name, '"').unwrap_err();
            assert_eq!(refused.code(), "config", "{name}");
        }
    }

    #[test]
    fn a_statement_has_names_and_no_comments() {
        let table = Table::new("shop.idem", '"').unwrap();
        let statement =
            table.statement("-- {table}\nselect\n  -- why\n from {table}, {migrations}");
        assert_eq!(
            statement.as_str(),
            "select\nfrom \"shop\".\"idem\", \"shop\".\"idem_migrations\""
        );
    }

    #[test]
    fn an_index_stands_in_the_schema_of_its_table() {
        let text = "{schema}{index} on {own}";
        let filled = |name| Table::new(name, '"').unwrap().fill(text);
        assert_eq!(filled("shop.idem"), r#""shop"."idem_expires_at" on "idem""#);
        assert_eq!(filled("idem"), r#""idem_expires_at" on "idem""#);
    }
}
