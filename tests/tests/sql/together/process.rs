//! Another process of this test program, on the same table and the same ledger.

use std::sync::Arc;

use idem::{Builder, Idem};
use kit::ledger::Ledger;
use kit::process::{Process, Starting};

use crate::database::{Database, SOON};

const LEDGER: &str = "IDEM_TEST_TOGETHER_LEDGER";
const TABLE: &str = "IDEM_TEST_TOGETHER_TABLE";
/// What the ledger says of those whose callers were told so.
pub(super) const COMPLETED: &str = "completed";

/// One that runs this test of the module.
pub(super) fn on(database: &Database, ledger: &Ledger, test: &str) -> Starting {
    Process::run(std::env::current_exe().unwrap())
        .arg(format!("together::{test}"))
        .arg("--exact")
        .arg("--nocapture")
        .env("IDEM_DATABASE_URL", database.url.clone())
        .env(TABLE, database.table.clone())
        .env(LEDGER, ledger.path().display().to_string())
}

/// What such a process works with; `None` in one that runs all tests.
pub(super) async fn given() -> Option<(Idem, Arc<Ledger>)> {
    let (Ok(ledger), Ok(table)) = (std::env::var(LEDGER), std::env::var(TABLE)) else {
        return None;
    };
    let builder = Builder::from_env().unwrap().table(table).timeout(SOON);
    Some((builder.build().await.unwrap(), Arc::new(Ledger::at(ledger))))
}
