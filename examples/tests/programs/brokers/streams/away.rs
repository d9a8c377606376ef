//! A consumer that is stopped until another has its message, and goes on.

use super::support::Stand;
use crate::brokers::SOON;

/// Its acknowledgement comes when the other's has.
#[tokio::test]
async fn after_its_commit_another_finds_the_booking() {
    let mut stand = Stand::new().await;
    let (mut first, _proxy, acknowledged) = stand.at_its_acknowledgement().await;
    first.pause();

    let mut second = stand.consumer().await;
    let line = second.line_with("m-1", SOON).await;
    assert!(line.contains("Replayed"), "{line}");
    stand.settled().await;
    first.resume();
    acknowledged.deliver().await;
    second.kill();
    stand.send("m-2", "1200").await;
    first.line_with(r#""m-2": Ok(Ran"#, SOON).await;
    stand.settled().await;
    assert_eq!(stand.bookings().await, 2);
}

/// Its connection is closed meanwhile, so its transaction is gone: it acknowledges nothing.
#[tokio::test]
async fn before_its_commit_another_books_it() {
    let mut stand = Stand::new().await;
    let (mut first, proxy, _never_delivered) = stand.at_its_commit().await;
    first.pause();
    proxy.cut_all();

    let mut second = stand.consumer().await;
    second.line_with(r#""m-1": Ok(Ran"#, SOON).await;
    stand.settled().await;
    first.resume();
    let line = first.line_with("m-1", SOON).await;
    assert!(line.contains("Database"), "{line}");
    assert_eq!(stand.bookings().await, 1);
}
