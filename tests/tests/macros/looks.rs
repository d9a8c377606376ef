//! What looks like a mistake, and is none.

use idem::{Error, Idem, KeyPart, idempotent};
use serde::Serialize;
use sqlx::{SqliteConnection, SqliteTransaction};

/// What is called as sqlx calls its own, and is none.
#[idempotent(key = "booked:{booking.number}", strategy = "db", fingerprint(booking.cents))]
async fn of_its_own_kind(booking: &mut Transaction<'_, Card>) -> Result<u64, Error> {
    booking.cents += 1;
    Ok(booking.number)
}

struct Transaction<'a, By> {
    number: u64,
    cents: u64,
    #[expect(dead_code, reason = "what makes it look like another one")]
    by: &'a By,
}

struct Card;

/// A connection that may be in a transaction, of another database than the engine's.
#[idempotent(key = "elsewhere:{id}", strategy = "setnx")]
async fn elsewhere(id: u64, connection: &mut SqliteConnection) -> Result<u64, Error> {
    sqlx::query("select 1").execute(connection).await.map_err(Error::outage)?;
    Ok(id)
}

async fn calls_elsewhere(mut tx: SqliteTransaction<'_>) -> Result<u64, Error> {
    elsewhere(1, &mut tx).await
}

/// A part of the key that leaves out what is compared.
#[idempotent(key = "in_part:{parcel}", strategy = "setnx", fingerprint(parcel))]
async fn compared_in_whole(parcel: &Parcel) -> Result<u64, Error> {
    Ok(parcel.grams)
}

#[derive(Serialize)]
struct Parcel {
    number: u64,
    grams: u64,
}

impl KeyPart for Parcel {
    type Origin = idem::origin::Server;

    fn write(&self, part: &mut idem::Part<'_>) {
        part.push_str(&self.number.to_string());
    }
}

#[test]
fn what_is_no_transaction_of_the_engines_is_an_argument_like_others() {
    drop(of_its_own_kind(&mut Transaction { number: 1, cents: 1, by: &Card }));
    let _ = calls_elsewhere;
}

#[tokio::test]
async fn a_value_is_compared_by_what_its_text_leaves_out() {
    let idem = &Idem::in_memory();
    let call =
        |grams| async move { idem.scope(compared_in_whole(&Parcel { number: 1, grams })).await };
    assert_eq!(call(5).await.unwrap(), 5);
    assert_eq!(call(5).await.unwrap(), 5);
    assert!(matches!(call(6).await, Err(Error::Mismatch { .. })), "another parcel of this number");
}
