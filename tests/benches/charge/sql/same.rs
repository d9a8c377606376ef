//! The library's own statements, sent by hand: what remains between the two is what the library does
//! beside them.

use std::sync::LazyLock;

use sqlx::{
    AssertSqlSafe, MySql, Postgres, Row as _, SqlSafeStr as _, SqlStr, Sqlite, Transaction,
};

/// Claims a name and settles it, and moves an order, inside of a transaction.
pub(crate) trait Same: sqlx::Database {
    /// Claims a name that is free; its fence.
    fn claim_as_we_do(
        tx: &mut Transaction<'_, Self>,
        name: &str,
        owner: &[u8],
    ) -> impl Future<Output = i64> + Send;

    /// Moves an order from pending to paid; whether it was pending.
    fn pay_as_we_do(
        tx: &mut Transaction<'_, Self>,
        order: i64,
    ) -> impl Future<Output = bool> + Send;

    /// Puts the result into the claim; whether it still stands.
    fn settle_as_we_do(
        tx: &mut Transaction<'_, Self>,
        name: &str,
        owner: &[u8],
        fence: i64,
        result: &[u8],
    ) -> impl Future<Output = bool> + Send;
}

/// What is in a record beside the result: as many bytes as the library's have.
const RECORD: [u8; 85] = [7; 85];
const HOLDER: &str = "host/1234";
const LEASE_MS: i64 = 30_000;
const RETENTION_MS: i64 = 24 * 60 * 60 * 1000;

/// A statement of the library's, for its usual table.
macro_rules! ours {
    ($($text:expr),+) => { ours!([("{table}", "idem_records")] $($text),+) };
    ([$($name:expr),+] $($text:expr),+) => {{
        static STATEMENT: LazyLock<SqlStr> = LazyLock::new(|| {
            let mut text = concat!($($text),+).to_owned();
            for (name, value) in [$($name),+] {
                text = text.replace(name, value);
            }
            let code = text.lines().map(str::trim).filter(|line| !line.starts_with("--"));
            AssertSqlSafe(code.collect::<Vec<_>>().join("\n")).into_sql_str()
        });
        sqlx::query(STATEMENT.clone())
    }};
}

/// The same, for the table of orders.
macro_rules! moving {
    ($text:expr) => {
        ours!([("{table}", "bench_orders"), ("{id}", "id"), ("{column}", "status"), ("{cast}", "")]
            $text)
    };
}

macro_rules! library {
    ($file:literal) => {
        include_str!(concat!("../../../../idem-runtime/src/store/sql/", $file))
    };
}

/// The values of a claim, in the order that each database has.
macro_rules! claiming {
    ($statement:expr, $name:ident, $owner:ident, $fence:expr) => {
        $statement
            .bind($owner)
            .bind($fence)
            .bind(1_i32)
            .bind(HOLDER)
            .bind(LEASE_MS)
            .bind(RETENTION_MS)
            .bind(&RECORD[..])
            .bind($name)
    };
}

macro_rules! settling {
    ($statement:expr, $name:ident, $owner:ident, $fence:ident, $result:ident) => {
        $statement
            .bind(2_i16)
            .bind([&RECORD[..], $result].concat())
            .bind(RETENTION_MS)
            .bind($owner)
            .bind($name)
            .bind($owner)
            .bind($fence)
    };
}

impl Same for Postgres {
    async fn claim_as_we_do(tx: &mut Transaction<'_, Self>, name: &str, owner: &[u8]) -> i64 {
        let claim = claiming!(ours!(library!("postgres/claim_inside.sql")), name, owner, 1_i64);
        claim.fetch_one(&mut **tx).await.expect("it answers").get(0)
    }

    async fn pay_as_we_do(tx: &mut Transaction<'_, Self>, order: i64) -> bool {
        let pay = moving!(library!("postgres/move.sql")).bind(order).bind("pending").bind("paid");
        let rows = pay.fetch_all(&mut **tx).await.expect("it answers");
        rows.iter().filter(|row| row.get(1)).count() == 1
    }

    async fn settle_as_we_do(
        tx: &mut Transaction<'_, Self>,
        name: &str,
        owner: &[u8],
        fence: i64,
        result: &[u8],
    ) -> bool {
        let settle = settling!(ours!(library!("postgres/settle.sql")), name, owner, fence, result);
        settle.execute(&mut **tx).await.expect("it answers").rows_affected() == 1
    }
}

/// Look and insert one after the other, as by hand: the library sends MariaDB both as one block.
impl Same for MySql {
    async fn claim_as_we_do(tx: &mut Transaction<'_, Self>, name: &str, owner: &[u8]) -> i64 {
        let name = name.as_bytes();
        loop {
            let look = ours!(library!("mysql/get.sql")).bind(name);
            look.fetch_one(&mut **tx).await.expect("it answers");
            let claim = ours!(
                "/*M!100102 set statement innodb_lock_wait_timeout = 0 for */\n",
                library!("mysql/claim.sql")
            );
            match claiming!(claim, name, owner, 1_i64).execute(&mut **tx).await {
                Ok(claimed) => return claimed.last_insert_id().cast_signed(),
                // A neighbour's row is being settled, and locks the gap before it.
                Err(sqlx::Error::Database(error)) if error.message().contains("Lock wait") => {}
                Err(error) => panic!("it answers: {error}"),
            }
        }
    }

    async fn pay_as_we_do(tx: &mut Transaction<'_, Self>, order: i64) -> bool {
        let pay = moving!(library!("mysql/move.sql")).bind("paid").bind(order).bind("pending");
        pay.execute(&mut **tx).await.expect("it answers").rows_affected() == 1
    }

    async fn settle_as_we_do(
        tx: &mut Transaction<'_, Self>,
        name: &str,
        owner: &[u8],
        fence: i64,
        result: &[u8],
    ) -> bool {
        let name = name.as_bytes();
        let settle = settling!(ours!(library!("mysql/settle.sql")), name, owner, fence, result);
        settle.execute(&mut **tx).await.expect("it answers").last_insert_id() > 0
    }
}

impl Same for Sqlite {
    async fn claim_as_we_do(tx: &mut Transaction<'_, Self>, name: &str, owner: &[u8]) -> i64 {
        let claim = claiming!(ours!(library!("sqlite/claim.sql")), name, owner, 1_i64);
        claim.fetch_one(&mut **tx).await.expect("it answers").get(0)
    }

    async fn pay_as_we_do(tx: &mut Transaction<'_, Self>, order: i64) -> bool {
        let pay = moving!(library!("sqlite/move.sql")).bind(order).bind("pending").bind("paid");
        pay.fetch_all(&mut **tx).await.expect("it answers").len() == 1
    }

    async fn settle_as_we_do(
        tx: &mut Transaction<'_, Self>,
        name: &str,
        owner: &[u8],
        fence: i64,
        result: &[u8],
    ) -> bool {
        let settle = settling!(ours!(library!("sqlite/settle.sql")), name, owner, fence, result);
        settle.fetch_optional(&mut **tx).await.expect("it answers").is_some()
    }
}
