use std::{cell::Cell, time::Duration};

use kit::wait_for;

use crate::SOON;

#[tokio::test]
async fn it_ends_when_the_condition_holds() {
    let asked = Cell::new(0);
    wait_for("the third look", SOON, async || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    })
    .await;
    assert_eq!(asked.get(), 3);
}

#[tokio::test]
#[should_panic(expected = "in vain for a miracle")]
async fn it_says_what_it_waited_for() {
    wait_for("a miracle", Duration::from_millis(5), async || false).await;
}
