//! Tables of other shapes: ids of other types, schemas, and tables that are not as they should be.

use idem::machine::Id;
use idem::{EntityId, Error, StateMachine, Transition};
use sqlx::Transaction;
use uuid::Uuid;

use super::{Db, QUOTE, UUID};
use super::shop::{PLAN, Shop};

async fn moved(shop: &Shop, key: u32, transition: Transition) -> Result<(), Error> {
    let mut tx = shop.begin().await;
    let body = async |_: &mut Transaction<'_, Db>| Ok::<_, Error>(());
    let key = idem::key!("move:{key}");
    let moved = shop.idem.call_tx(&mut tx, &PLAN, key.transition(transition), body).await;
    tx.commit().await.unwrap();
    moved
}

/// Machines of two states, by the name of their table.
macro_rules! machines {
    ($($name:ident $table:literal)*) => {$(
        #[derive(StateMachine)]
        #[state(table = $table, id = "number", column = "select")]
        enum $name {
            #[state(to(Done))]
            New,
            Done,
        }
    )*};
}

machines! {
    Texts "texts"
    Uuids "uuids"
    Loose "loose"
    Missing "missing"
    Group "group"
}

struct Sku(&'static str);

impl EntityId for Sku {
    fn entity_id(&self) -> Id {
        self.0.entity_id()
    }
}

/// A table whose name and column are keywords, as users have them.
fn table(name: &str, id: &str) -> String {
    let sql = format!("create table \"{name}\" (number {id}, \"select\" varchar(9) not null)");
    quoted(&sql)
}

/// SQL with its names in the database's own quotes.
fn quoted(sql: &str) -> String {
    sql.replace('"', QUOTE)
}

#[tokio::test]
async fn an_id_may_be_text() {
    let shop = Shop::open().await;
    shop.execute(&table("texts", "varchar(40) primary key")).await;
    shop.execute("insert into texts values ('it''s', 'new'), ('7', 'new')").await;
    let entity = Sku("it's");
    moved(&shop, 1, Transition::new(Texts::New, Texts::Done, entity)).await.unwrap();
    moved(&shop, 2, Transition::new(Texts::New, Texts::Done, "7")).await.unwrap();
    let again = Transition::new(Texts::New, Texts::Done, "7".to_owned());
    let again = moved(&shop, 3, again).await.unwrap_err();
    assert_eq!(again.code(), "illegal_transition");
}

#[tokio::test]
async fn an_id_may_be_a_uuid() {
    let shop = Shop::open().await;
    let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    shop.execute(&table("uuids", &format!("{UUID} primary key"))).await;
    let insert = quoted("insert into \"uuids\" values (");
    let mut insert = sqlx::QueryBuilder::<Db>::new(insert);
    insert.push_bind(id).push(", 'new')").build().execute(&shop.pool).await.unwrap();
    moved(&shop, 4, Transition::new(Uuids::New, Uuids::Done, id)).await.unwrap();
    let again = moved(&shop, 5, Transition::new(Uuids::New, Uuids::Done, id)).await.unwrap_err();
    assert!(again.to_string().contains(&id.to_string()), "{again}");
}

#[tokio::test]
async fn names_that_are_keywords_are_quoted() {
    let shop = Shop::open().await;
    shop.execute(&table("group", "bigint primary key")).await;
    shop.execute(&quoted("insert into \"group\" values (1, 'new')")).await;
    moved(&shop, 6, Transition::new(Group::New, Group::Done, 1_u8)).await.unwrap();
    let state = quoted("select \"select\" from \"group\"");
    assert_eq!(shop.text(&state).await.as_deref(), Some("done"));
}

/// An id that two rows have moves neither.
#[tokio::test]
async fn an_id_is_of_one_row() {
    let shop = Shop::open().await;
    shop.execute(&table("loose", "bigint")).await;
    shop.execute("insert into loose values (1, 'new'), (1, 'new')").await;
    let two = moved(&shop, 7, Transition::new(Loose::New, Loose::Done, 1)).await.unwrap_err();
    assert_eq!(two.code(), "config");
    assert!(two.to_string().contains("more than one row of `loose`"), "{two}");
    let state = quoted("select max(\"select\") from loose");
    assert_eq!(shop.text(&state).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_a_mistake_of_the_machine() {
    let shop = Shop::open().await;
    let none = Transition::new(Missing::New, Missing::Done, 1);
    let none = moved(&shop, 8, none).await.unwrap_err();
    assert_eq!(none.code(), "config");
    assert!(none.to_string().contains("`missing` is not as `Missing` says"), "{none}");
}
