//! `idem::key!` renders the key of the attribute.

use idem::{Error, Idem, IdempotencyKey, Key, KeyPart, Plan, idempotent, key};

use crate::support::Runs;

struct User {
    id: u64,
    name: String,
}

#[derive(Clone, Copy, KeyPart)]
enum Channel {
    WebShop,
}

#[idempotent(
    key = "charge v2 -> {user.id}/{user.name.trim()}:{channel}:{key}:{pair.0}",
    strategy = "setnx",
    fingerprint(amount)
)]
async fn charge(
    user: &User,
    channel: Channel,
    key: &IdempotencyKey,
    pair: (char, u8),
    amount: u64,
    runs: &Runs,
) -> Result<usize, Error> {
    let _ = (channel, pair);
    Ok(runs.next())
}

fn key_of(user: &User, channel: Channel, key: &IdempotencyKey, pair: (char, u8)) -> Key {
    key!("charge v2 -> {user.id}/{user.name.trim()}:{channel}:{key}:{pair.0}")
}

/// A record that the attribute wrote is found by the macro, and the other way round.
#[tokio::test]
async fn one_template_is_one_key() {
    let key: IdempotencyKey = "8e/03:9%78e".parse().unwrap();
    let names = ["Ada", " ü/ß: 💳 ", "%3A", &"long".repeat(1000)];
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        for (run, name) in names.into_iter().enumerate() {
            let user = User { id: 7, name: name.to_owned() };
            let key_of = || key_of(&user, Channel::WebShop, &key, ('&', 1));
            let value = idem.scope(charge(&user, Channel::WebShop, &key, ('&', 1), 5, &runs)).await;
            assert_eq!(value.unwrap(), run + 1);
            assert!(idem.get(&key_of()).await.unwrap().is_some(), "{name}");
            let replayed = idem.call(&Plan::setnx(), key_of(), async { Ok::<_, Error>(0) }).await;
            assert_eq!(replayed.unwrap(), run + 1, "{name}");
            let answer =
                idem.scope(charge(&user, Channel::WebShop, &key, ('&', 1), 6, &runs)).await;
            assert!(
                matches!(&answer, Err(Error::Mismatch { key, .. }) if *key == key_of().to_string()),
                "{answer:?}"
            );
        }
        assert_eq!(runs.count(), names.len());
    }
}

/// C46
#[tokio::test]
async fn zero_false_and_their_texts_are_keys() {
    #[idempotent(key = "zero:{n}:{b}:{c}", strategy = "setnx")]
    async fn zero(n: i64, b: bool, c: char, runs: &Runs) -> Result<usize, Error> {
        Ok(runs.next())
    }
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    for _ in 0..2 {
        for (run, (n, b, c)) in [(0, false, '0'), (0, true, '0'), (-1, false, '0'), (0, false, ':')]
            .into_iter()
            .enumerate()
        {
            assert_eq!(idem.scope(zero(n, b, c, &runs)).await.unwrap(), run + 1);
        }
    }
}
