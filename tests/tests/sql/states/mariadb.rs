//! MariaDB.

use sqlx::MySql as Db;

use crate::database::Database;

fn database() -> Database {
    Database::mariadb()
}

/// How a transaction begins that will write.
const BEGIN: &str = "begin";

tests_of_the_driver!();

mod lax {
    use idem::{Error, StateMachine, Transition};

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
        let body = async |_: &mut _| Ok::<_, Error>(());
        let id = 1;
        let key = idem::key!("lengthen:{id}");
        let refused = shop.idem.call_tx(&mut tx, &PLAN, key.transition(transition), body).await;
        assert_eq!(refused.unwrap_err().code(), "config");
        tx.commit().await.unwrap();
        assert_eq!(shop.text("select state from short").await.as_deref(), Some("new"));
    }
}
