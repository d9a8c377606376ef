//! A message that will never succeed.

use std::collections::HashMap;

use super::support::Stand;
use crate::brokers::process::interrupt;

#[tokio::test]
async fn it_is_put_aside_with_the_reason() {
    let mut stand = Stand::new().await;
    stand.send("m-1", "1200").await;
    stand.send("m-1", "9900").await; // another order under the same id
    let stream = stand.stream.clone();
    for fields in [
        &["cents", "1200"][..],
        &["id", "m-2", "cents", "a dozen"],
        &["id", "m\0-3", "cents", "1200"],
    ] {
        let words = [&["XADD", &stream, "*"], fields].concat();
        stand.redis.run::<String>(&words).await;
    }
    let mut consumer = stand.consumer().await;
    stand.settled().await;
    interrupt(&mut consumer).await;

    let dead = format!("{stream}.dead");
    let letters: Vec<(String, HashMap<String, String>)> =
        stand.redis.run(&["XRANGE", &dead, "-", "+"]).await;
    let reasons: Vec<_> = letters.iter().map(|(_, fields)| &*fields["reason"]).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons[0].contains("was used before with other arguments"), "{reasons:?}");
    assert!(reasons[1].contains("`{id}` of `book` is empty"), "{reasons:?}");
    assert!(reasons[2].contains("it is no order"), "{reasons:?}");
    assert!(reasons[3].contains("invalid byte sequence"), "{reasons:?}");
    let records = stand.database.rows("idem_records").await;
    assert_eq!((stand.bookings().await, records), (1, 1), "nothing is stored of the others");
}
