//! A message whose consumer is killed, and which another takes over.

use kit::proxy::Proxy;

use super::support::Stand;
use crate::SOON;
use crate::database::Database;

/// C93: killed before the commit, it leaves neither booking nor record.
#[tokio::test]
async fn before_its_commit_another_books_it() {
    let mut stand = Stand::new().await;
    let proxy = Proxy::start(Database::server().address()).await;
    let (broker, database) = (Stand::server().url(), stand.database.url_by_way_of(proxy.address()));
    let mut first = stand.consumer_by_way_of(&broker, &database).await;
    let commit = proxy.hold_request("COMMIT");
    stand.send("m-1", "1200").await;
    let _never_delivered = commit.caught().await;
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
    let proxy = Proxy::start(Stand::server().address()).await;
    let broker = Stand::server().url_by_way_of(proxy.address());
    let mut first = stand.consumer_by_way_of(&broker, &stand.database.url()).await;
    let acknowledged = proxy.hold_request("XACK");
    stand.send("m-1", "1200").await;
    let _never_delivered = acknowledged.caught().await;
    assert_eq!((stand.bookings().await, stand.pending().await), (1, 1));
    first.kill();
    proxy.cut_all();

    let mut second = stand.consumer().await;
    let line = second.line_with("m-1", SOON).await;
    assert!(line.contains("Replayed"), "{line}");
    stand.settled().await;
    assert_eq!(stand.bookings().await, 1);
}
