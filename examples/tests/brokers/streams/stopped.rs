//! A consumer that is stopped until another has its message, and goes on.

use kit::proxy::Proxy;

use super::support::Stand;
use crate::SOON;
use crate::database::Database;

/// Its acknowledgement comes when the other's has.
#[tokio::test]
async fn after_its_commit_another_finds_the_booking() {
    let mut stand = Stand::new().await;
    let proxy = Proxy::start(Stand::server().address()).await;
    let broker = Stand::server().url_by_way_of(proxy.address());
    let mut first = stand.consumer_by_way_of(&broker, &stand.database.url()).await;
    let acknowledged = proxy.hold_request("XACK");
    stand.send("m-1", "1200").await;
    let acknowledged = acknowledged.caught().await;
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
    let proxy = Proxy::start(Database::server().address()).await;
    let (broker, database) = (Stand::server().url(), stand.database.url_by_way_of(proxy.address()));
    let mut first = stand.consumer_by_way_of(&broker, &database).await;
    let commit = proxy.hold_request("COMMIT");
    stand.send("m-1", "1200").await;
    let _never_delivered = commit.caught().await;
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
