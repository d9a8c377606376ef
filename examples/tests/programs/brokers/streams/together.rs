//! A message that is handled twice at once.

use super::support::Stand;
use crate::brokers::SOON;

/// C84, C94: who takes over what is still being handled leaves it alone.
#[tokio::test]
async fn taken_over_while_it_is_handled_it_is_left_pending() {
    let mut stand = Stand::new().await;
    let (mut first, _proxy, commit) = stand.at_its_commit().await;

    let mut second = stand.consumer().await;
    let line = second.line_with("m-1", SOON).await;
    assert!(line.contains("InFlight"), "{line}");
    assert_eq!((stand.bookings().await, stand.pending().await), (0, 1));
    commit.deliver().await;
    first.line_with("Ran", SOON).await;
    stand.settled().await;
    assert_eq!(stand.bookings().await, 1);
}

#[tokio::test]
async fn sent_twice_it_is_booked_once() {
    let mut stand = Stand::new().await;
    stand.send("m-1", "1200").await;
    stand.send("m-1", "1200").await;
    let mut consumer = stand.consumer().await;
    consumer.line_with("Ran", SOON).await;
    consumer.line_with("Replayed", SOON).await;
    stand.settled().await;
    assert_eq!(stand.bookings().await, 1);
}
