//! A message whose consumer is killed, and which another takes over.

use super::support::Stand;
use crate::brokers::SOON;

/// C93: killed before the commit, it leaves neither booking nor record.
#[tokio::test]
async fn before_its_commit_another_books_it() {
    let mut stand = Stand::new().await;
    let (mut first, proxy, _never_delivered) = stand.at_its_commit().await;
    first.kill();
    proxy.cut_all();
    assert_eq!((stand.bookings().await, stand.pending().await), (0, 1));

    let mut second = stand.consumer().await;
    second.line_with("Ran", SOON).await;
    stand.settled().await;
    assert_eq!(stand.bookings().await, 1);
}

/// C95, H73: killed after the commit, it is acknowledged by whoever finds the record.
#[tokio::test]
async fn before_its_acknowledgement_another_acknowledges() {
    let mut stand = Stand::new().await;
    let (mut first, proxy, _never_delivered) = stand.at_its_acknowledgement().await;
    assert_eq!((stand.bookings().await, stand.pending().await), (1, 1));
    first.kill();
    proxy.cut_all();

    let mut second = stand.consumer().await;
    let line = second.line_with("m-1", SOON).await;
    assert!(line.contains("Replayed"), "{line}");
    stand.settled().await;
    assert_eq!(stand.bookings().await, 1);
}
