//! Where a transition may stand, and how its entity may be written.

use std::sync::Arc;

use async_trait::async_trait;
use idem::{EntityId, Error, Idem, idempotent, machine::Id};
use sqlx::{PgTransaction, Sqlite, SqliteTransaction, Transaction};

mod states {
    #[derive(idem::StateMachine)]
    #[state(table = "doors", id = "id", column = "state")]
    pub(super) enum Door {
        #[state(to(Shut))]
        Open,
        #[state(to(Open, Walled))]
        Shut,
        Walled,
    }
}

use states::Door;
use states::Door::{Open, Shut};

struct Number(u32);

impl EntityId for Number {
    fn entity_id(&self) -> Id {
        self.0.entity_id()
    }
}

struct House {
    number: Number,
    name: String,
}

/// Imported variants, an owned entity that the body uses up.
#[idempotent(strategy = "state", key = "shut:{day}:{door}", transition = Open => Shut, entity = door, tx = tx)]
async fn imported(tx: &mut SqliteTransaction<'_>, day: u32, door: String) -> Result<String, Error> {
    Ok(door)
}

/// A way that no cycle is on needs no more than the entity.
#[idempotent(
    strategy = "state",
    key = "wall_up:{house.name}",
    entity = house.name.as_str(),
    transition = self::states::Door::Shut => Door::Walled,
    tx = transaction,
    wait = "5s",
    ttl = "30d",
    fingerprint(bricks),
    on_duplicate = "replay",
    map_err = std::convert::identity,
    codec = idem::Json,
    engine = idem
)]
async fn every_option(
    idem: &Idem,
    transaction: &mut PgTransaction<'_>,
    house: &House,
    bricks: u32,
) -> Result<u32, Error> {
    let _: &mut PgTransaction<'_> = transaction;
    Ok(bricks)
}

/// Computed, from what is no part of the key.
#[idempotent(
    strategy = "state",
    key = "shut:{house.name}",
    transition = Door::Open => Door::Shut,
    entity = i64::from(night) + 1,
    tx = tx
)]
async fn computed(
    tx: &mut Transaction<'_, Sqlite>,
    house: Arc<House>,
    night: u32,
) -> Result<(), Error> {
    Ok(())
}

impl House {
    #[idempotent(
        strategy = "state",
        key = "open:{day}:{self.name}",
        transition = Door::Shut => Door::Open,
        entity = &self.number,
        tx = tx
    )]
    async fn open(&self, tx: &mut SqliteTransaction<'_>, day: u32) -> Result<(), Error> {
        let _ = tx;
        Ok(())
    }
}

#[async_trait]
trait Doors {
    async fn close(&self, tx: &mut SqliteTransaction<'_>, day: u32) -> Result<(), Error>;
}

#[async_trait]
impl Doors for House {
    #[idempotent(
        strategy = "state",
        key = "close:{day}:{self.name}",
        transition = Door::Open => Door::Shut,
        entity = self.number,
        tx = tx
    )]
    async fn close(&self, tx: &mut SqliteTransaction<'_>, day: u32) -> Result<(), Error> {
        Ok(())
    }
}

#[rustfmt::skip]
macro_rules! shuts {
    ($name:ident: $from:path => $to:path, $entity:expr) => {
        #[idempotent(
                                                                    strategy = "state",
                                                                    key = "macro:{day}:{door}",
                                                                    transition = $from => $to,
                                                                    entity = $entity,
                                                                    tx = tx
                                                                )]
        async fn $name(tx: &mut SqliteTransaction<'_>, day: u32, door: u64) -> Result<(), Error> {
            Ok(())
        }
    };
}

/// The door of the house.
const FRONT: u64 = 7;

shuts!(by_a_macro: Door::Open => Door::Shut, FRONT);
shuts!(by_a_macro_with_a_sum: Door::Open => Door::Shut, FRONT + 1);

/// What it gives can be sent to another thread, as a handler's has to be.
fn is_send(_: impl Send) {}

#[allow(unreachable_code, unused_variables, clippy::diverging_sub_expression)]
fn futures_are_send() {
    let mut tx: SqliteTransaction<'_> = panic!("type-checked only");
    let house: House = panic!("type-checked only");
    is_send(imported(&mut tx, 1, String::new()));
    is_send(house.open(&mut tx, 1));
    is_send(house.close(&mut tx, 1));
}
