//! A process that is killed between two steps: the row moves once.

use idem::Error;
use kit::process::Process;

use super::shop::{Shop, pay_in_time};
use crate::database::SOON;

/// What another process has done when it is killed at a step, and whether it is committed.
const STEPS: &[(&str, bool)] =
    &[("begun", false), ("moved", false), ("answered", false), ("committed", true)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_moves_the_row_once_or_not_at_all() {
    let shop = Shop::open().await;
    for (step, committed) in STEPS {
        let order = shop.order("pending").await;
        let mut other = Process::run(env!("CARGO_BIN_EXE_kit-mover"))
            .arg(&shop.database.url)
            .arg(&shop.database.table)
            .arg(order.to_string())
            .arg("a")
            .arg(*step)
            .start();
        other.line_with(&format!("at {step}"), SOON).await;
        other.kill();
        if *committed {
            assert_eq!(shop.status(order).await, "paid");
        }

        // The same callback, and then another one.
        let mut tx = shop.begin().await;
        let receipt = pay_in_time(&shop, &mut tx, "a", order).await.unwrap();
        let refused = pay_in_time(&shop, &mut tx, "b", order).await.unwrap_err();
        tx.commit().await.unwrap();
        assert_eq!(receipt == "the receipt of a process", *committed, "{step}: {receipt}");
        assert!(matches!(refused, Error::IllegalTransition { .. }), "{step}: {refused:?}");
        assert_eq!(shop.moves(order).await, ["paid"], "{step}");
        assert_eq!(shop.status(order).await, "paid", "{step}");
    }
}
