//! Postgres.

use sqlx::Postgres as Db;

use crate::database::Database;

fn database() -> Database {
    Database::postgres()
}

/// How a transaction begins that will write.
const BEGIN: &str = "begin";

/// What stands around a name.
const QUOTE: &str = "\"";

/// What holds a UUID.
const UUID: &str = "uuid";

/// The levels at which a look locks nothing.
const LEVELS: &[&str] = &["read committed", "repeatable read", "serializable"];

/// How a transaction begins at a level.
fn begin_at(level: &str) -> String {
    format!("begin isolation level {level}")
}

tests_of_the_driver!();

#[path = "locks.rs"]
mod locks;

mod enums {
    use idem::{Error, StateMachine, idempotent};
    use sqlx::{Postgres, Transaction};

    use super::shop::Shop;

    #[derive(StateMachine)]
    #[state(table = "sent.parcels", id = "id", column = "state", pg_type = "sent.parcel_state")]
    enum Parcel {
        #[state(to(OnItsWay))]
        Packed,
        OnItsWay,
    }

    #[idempotent(
        strategy = "state",
        key = "send:{parcel}",
        transition = Parcel::Packed => Parcel::OnItsWay,
        entity = parcel,
        tx = tx,
        engine = shop.idem
    )]
    async fn send(
        shop: &Shop,
        tx: &mut Transaction<'_, Postgres>,
        parcel: i32,
    ) -> Result<(), Error> {
        Ok(())
    }

    #[tokio::test]
    async fn a_column_may_be_an_enum_of_the_database() {
        let shop = Shop::open().await;
        let schema = "
            create schema sent;
            create type sent.parcel_state as enum ('packed', 'on_its_way');
            create table sent.parcels (id int primary key, state sent.parcel_state not null);
            insert into sent.parcels values (1, 'packed');
        ";
        shop.execute(schema).await;
        let mut tx = shop.begin().await;
        send(&shop, &mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        let state = "select state::text from sent.parcels where id = 1";
        assert_eq!(shop.text(state).await.as_deref(), Some("on_its_way"));
        let mut tx = shop.begin().await;
        let missing = send(&shop, &mut tx, 2).await.unwrap_err();
        assert!(matches!(missing, Error::IllegalTransition { actual: None, .. }), "{missing:?}");
    }
}

mod references {
    use super::shop::{Shop, pay};

    /// An order's line that somebody is adding locks the order against being deleted, not against
    /// being paid.
    #[tokio::test]
    async fn a_row_that_is_referred_to_is_no_locked_one() {
        let shop = Shop::open().await;
        shop.execute("create table lines (id bigint references orders)").await;
        let order = shop.order("pending").await;
        let mut other = shop.begin().await;
        let line = sqlx::query("insert into lines values ($1)").bind(order);
        line.execute(&mut *other).await.unwrap();

        let mut tx = shop.begin().await;
        pay(&shop, &mut tx, "a", order).await.unwrap();
        tx.commit().await.unwrap();
        other.commit().await.unwrap();
        assert_eq!(shop.status(order).await, "paid");
    }
}

mod triggers {
    use idem::{Error, StateMachine, Transition};
    use sqlx::PgTransaction;

    use super::shop::{PLAN, Shop};

    #[derive(StateMachine)]
    #[state(table = "stubborn", id = "id", column = "state")]
    enum Stubborn {
        #[state(to(Done))]
        New,
        Done,
    }

    /// An update that is counted, and has changed nothing, or to nothing.
    #[tokio::test]
    async fn a_trigger_that_changes_its_mind_is_no_success() {
        let shop = Shop::open().await;
        for (id, state) in [(1, "old.state"), (2, "null")] {
            let schema = format!(
                "create table if not exists stubborn (id int primary key, state text);
                insert into stubborn values ({id}, 'new');
                create or replace function keep() returns trigger language plpgsql
                    as 'begin new.state = {state}; return new; end';
                create or replace trigger keep before update on stubborn
                    for each row execute function keep();"
            );
            shop.execute(&schema).await;
            let mut tx = shop.begin().await;
            let done = Transition::new(Stubborn::New, Stubborn::Done, id);
            let key = idem::key!("finish:{id}").transition(done);
            let body = async |_: &mut PgTransaction<'_>| Ok::<_, Error>(());
            let refused = shop.idem.call_tx(&mut tx, &PLAN, key, body).await.unwrap_err();
            assert!(refused.to_string().contains("as a trigger may"), "{state}: {refused}");
            tx.commit().await.unwrap();
        }
    }
}
