//! `codec`: how a result is written.

use std::sync::Arc;

use idem::{Codec, Error, Idem, Source, idempotent};

use crate::support::Runs;

/// No serde.
#[derive(Debug, PartialEq)]
struct Receipt(u64);

struct Fixed;

impl Codec<Receipt> for Fixed {
    const NAME: &'static str = "fixed64";

    fn encode(receipt: &Receipt, out: &mut Vec<u8>) -> Result<(), Source> {
        if receipt.0 == 0 {
            return Err("no receipt".into());
        }
        out.extend_from_slice(&receipt.0.to_le_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Receipt, Source> {
        Ok(Receipt(u64::from_le_bytes(bytes.try_into()?)))
    }
}

#[idempotent(key = "encoded:{id}", strategy = "setnx", codec = Fixed)]
async fn encoded(id: u64, runs: &Runs) -> Result<Receipt, Error> {
    runs.next();
    Ok(Receipt(id))
}

#[tokio::test]
async fn a_result_is_written_by_its_codec() {
    for place in crate::every_store() {
        let (idem, runs) = (place.engine().await, Runs::default());
        for _ in 0..2 {
            assert_eq!(idem.scope(encoded(7, &runs)).await.unwrap(), Receipt(7));
        }
        assert_eq!(runs.count(), 1);
        let answer = idem.call(&idem::Plan::setnx(), key(7), async { Ok::<u64, Error>(1) }).await;
        assert!(matches!(answer, Err(Error::Unreadable { .. })), "not by JSON: {answer:?}");
    }
}

fn key(id: u64) -> idem::Key {
    idem::key!("encoded:{id}")
}

/// C43
#[tokio::test]
async fn a_result_that_will_not_encode_is_not_run_again() {
    let (idem, runs) = (Idem::in_memory(), Runs::default());
    assert_eq!(idem.scope(encoded(0, &runs)).await.unwrap(), Receipt(0));
    let answer = idem.scope(encoded(0, &runs)).await;
    assert!(
        matches!(&answer, Err(Error::ResultNotStored { key, .. }) if key == "encoded:0"),
        "{answer:?}"
    );
    assert_eq!(runs.count(), 1);
}

struct Nameless;

impl Codec<Receipt> for Nameless {
    const NAME: &'static str = "";

    fn encode(receipt: &Receipt, out: &mut Vec<u8>) -> Result<(), Source> {
        Fixed::encode(receipt, out)
    }

    fn decode(bytes: &[u8]) -> Result<Receipt, Source> {
        Fixed::decode(bytes)
    }
}

#[idempotent(key = "nameless:{id}", strategy = "setnx", codec = Nameless)]
async fn nameless(id: u64, runs: &Runs) -> Result<Receipt, Error> {
    runs.next();
    Ok(Receipt(id))
}

/// An empty name is a name: it does not stand for what is not stored, nor for every codec.
#[tokio::test]
async fn a_codec_without_a_name_stores_all_the_same() {
    let (idem, runs, id) = (Idem::in_memory(), Runs::default(), 7_u64);
    for _ in 0..2 {
        assert_eq!(idem.scope(nameless(id, &runs)).await.unwrap(), Receipt(id));
    }
    assert_eq!(runs.count(), 1);
    let key = idem::key!("nameless:{id}");
    let answer = idem.call(&idem::Plan::setnx(), key, async { Ok::<u64, Error>(1) }).await;
    assert!(matches!(answer, Err(Error::Unreadable { .. })), "not by JSON: {answer:?}");
}

struct Hasty;

impl Codec<Receipt> for Hasty {
    const NAME: &'static str = Fixed::NAME;

    fn encode(receipt: &Receipt, out: &mut Vec<u8>) -> Result<(), Source> {
        Fixed::encode(receipt, out)
    }

    fn decode(_: &[u8]) -> Result<Receipt, Source> {
        panic!("at a replay")
    }
}

#[idempotent(key = "hasty:{id}", strategy = "setnx", codec = Hasty, engine = idem)]
async fn hasty(id: u64, runs: Arc<Runs>, idem: Idem) -> Result<Receipt, Error> {
    runs.next();
    Ok(Receipt(id))
}

/// C44: what goes wrong at a replay is its caller's; the record stands.
#[tokio::test]
async fn a_codec_that_panics_at_a_replay_leaves_the_record_as_it_is() {
    for place in crate::every_store() {
        let (idem, runs, id) = (place.engine().await, Arc::new(Runs::default()), 7_u64);
        let call = || tokio::spawn(hasty(id, Arc::clone(&runs), idem.clone()));
        assert_eq!(call().await.unwrap().unwrap(), Receipt(id));
        let key = || idem::key!("hasty:{id}");
        let stored = idem.get(&key()).await.unwrap();
        assert!(call().await.unwrap_err().is_panic());
        let after = idem.get(&key()).await.unwrap();
        assert_eq!(after.map(|entry| entry.fence), stored.map(|entry| entry.fence));
        let returns = idem::Returns::<Result<Receipt, Error>>::new(Err).replay::<Fixed>();
        let body = async { panic!("a duplicate ran") };
        let replayed = idem.call_with(&idem::Plan::setnx(), key(), returns, body).await;
        assert_eq!((replayed.unwrap(), runs.count()), (Receipt(id), 1));
    }
}
