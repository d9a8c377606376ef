//! MariaDB.

use sqlx::MySql as Db;

use crate::database::Database;

fn database() -> Database {
    Database::mariadb()
}

/// How a transaction begins that will write.
const BEGIN: &str = "begin";

/// What stands around a name.
const QUOTE: &str = "`";

/// What holds a UUID.
const UUID: &str = "binary(16)";

/// The levels at which a look locks nothing.
const LEVELS: &[&str] = &["read committed", "repeatable read"];

/// How a transaction begins at a level.
fn begin_at(level: &str) -> String {
    format!("set session transaction isolation level {level}; begin")
}

tests_of_the_driver!();

#[path = "locks.rs"]
mod locks;

/// A table of another database of the server, ids above what an `i64` holds, and a column of the
/// database's own enum.
mod elsewhere {
    use idem::{Error, StateMachine, Transition};
    use sqlx::MySqlTransaction;

    use super::shop::{PLAN, Shop};

    #[derive(StateMachine)]
    #[state(table = "sent.parcels", id = "id", column = "state")]
    enum Parcel {
        #[state(to(OnItsWay))]
        Packed,
        OnItsWay,
    }

    #[tokio::test]
    async fn a_parcel_is_sent() {
        let shop = Shop::open().await;
        let schema = "
            create database sent;
            create table sent.parcels (
                id bigint unsigned primary key, state enum('packed', 'on_its_way') not null
            );
            insert into sent.parcels values (18446744073709551615, 'packed');
        ";
        shop.execute(schema).await;
        let mut tx = shop.begin().await;
        let parcel = u64::MAX;
        let sent = Transition::new(Parcel::Packed, Parcel::OnItsWay, parcel);
        let key = idem::key!("send:{parcel}").transition(sent);
        let body = async |_: &mut MySqlTransaction<'_>| Ok::<_, Error>(());
        shop.idem.call_tx(&mut tx, &PLAN, key, body).await.unwrap();
        tx.commit().await.unwrap();
        let state = shop.text("select state from sent.parcels").await;
        assert_eq!(state.as_deref(), Some("on_its_way"));
    }
}

mod lax {
    use idem::{Error, StateMachine, Transition};
    use sqlx::MySqlTransaction;

    use super::shop::{PLAN, Shop};

    #[derive(StateMachine)]
    #[state(table = "short", id = "id", column = "state")]
    enum Short {
        #[state(to(TooLongForIt))]
        New,
        TooLongForIt,
    }

    /// A server that is not strict would store `too_`, and count it as done.
    #[tokio::test]
    async fn a_state_that_the_column_would_cut_short_is_refused() {
        let shop = Shop::open().await;
        shop.execute("create table short (id int primary key, state varchar(4) not null)").await;
        shop.execute("insert into short values (1, 'new')").await;
        let mut tx = shop.begin().await;
        sqlx::raw_sql("set session sql_mode = ''").execute(&mut *tx).await.unwrap();
        let transition = Transition::new(Short::New, Short::TooLongForIt, 1);
        let body = async |_: &mut MySqlTransaction<'_>| Ok::<_, Error>(());
        let id = 1;
        let key = idem::key!("lengthen:{id}");
        let refused = shop.idem.call_tx(&mut tx, &PLAN, key.transition(transition), body).await;
        assert_eq!(refused.unwrap_err().code(), "config");
        tx.commit().await.unwrap();
        assert_eq!(shop.text("select state from short").await.as_deref(), Some("new"));
    }
}

/// A server that says that it is MySQL, where a statement can't say how long it waits.
mod mysql {
    use idem::Error;
    use kit::database::{Kind, Server};
    use sqlx::AssertSqlSafe;

    use super::shop::{SCHEMA, Shop, pay};
    use crate::database::{Database, SOON};

    #[tokio::test]
    async fn the_row_is_locked_before_it_is_moved() {
        let server = Server::start_with(Kind::MariaDb, &[("version", "8.0.36")]);
        let shop = Shop::at(Database::at(&server)).await;
        shop.execute(SCHEMA).await;
        let order = shop.order("pending").await;

        let mut other = shop.begin().await;
        let lock = format!("select status from orders where id = {order} for update");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *other).await.unwrap();
        let mut tx = shop.begin().await;
        let asked = pay(&shop, &mut tx, "a", order);
        let refused = tokio::time::timeout(SOON, asked).await.expect("it does not wait");
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        other.rollback().await.unwrap();

        pay(&shop, &mut tx, "a", order).await.unwrap();
        let refused = pay(&shop, &mut tx, "b", order).await.unwrap_err();
        assert!(refused.to_string().ends_with("it is `paid`"), "{refused}");
        let missing = pay(&shop, &mut tx, "c", -1).await.unwrap_err();
        assert!(missing.to_string().ends_with("there is no such row"), "{missing}");
        tx.commit().await.unwrap();
        assert_eq!(shop.moves(order).await, ["paid by a"]);
    }
}
