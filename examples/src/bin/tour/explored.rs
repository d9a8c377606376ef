//! What `docs/guide/testing.md` shows: a handler that fails, and is mended.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use idem::{Error, idempotent};

/// A provider as a test has it: it charges, and dedupes on a key where it is given one.
#[derive(Default)]
struct FakeBank {
    keys: Mutex<HashSet<String>>,
    charges: Mutex<u32>,
}

impl FakeBank {
    async fn charge(&self, key: Option<String>) {
        tokio::time::sleep(Duration::from_millis(80)).await; // the way there
        let known = key.is_some_and(|key| !self.keys.lock().unwrap().insert(key));
        if !known {
            *self.charges.lock().unwrap() += 1;
        }
    }

    fn charges(&self) -> u32 {
        *self.charges.lock().unwrap()
    }
}

mod first {
    use super::*;

    #[idempotent(key = "charge:{order}", strategy = "setnx")]
    async fn charge(order: u32, bank: &FakeBank) -> Result<u32, Error> {
        bank.charge(None).await;
        Ok(order)
    }

    #[tokio::test]
    #[should_panic(expected = "the process is killed after the body, before its result is stored")]
    async fn charging_survives_everything() {
        idem::testing::explore(|world| async move {
            let bank = FakeBank::default();
            world.deliver(|| charge(7, &bank)).await.unwrap();
            assert_eq!(bank.charges(), 1, "{world}");
        })
        .await;
    }
}

mod mended {
    use super::*;

    #[idempotent(key = "charge:{order}", strategy = "setnx")]
    async fn charge(order: u32, bank: &FakeBank) -> Result<u32, Error> {
        let key = idem::attempt().downstream_key("charge");
        bank.charge(Some(key)).await;
        Ok(order)
    }

    #[tokio::test]
    async fn charging_survives_everything() {
        idem::testing::explore(|world| async move {
            let bank = FakeBank::default();
            world.deliver(|| charge(7, &bank)).await.unwrap();
            assert_eq!(bank.charges(), 1, "{world}");
        })
        .await;
    }
}

mod transferred {
    use sqlx::{SqlitePool, SqliteTransaction};

    use super::*;

    type Error = Box<dyn std::error::Error + Send + Sync>;

    const ACCOUNTS: &str = "create table accounts (id integer primary key, cents integer);
                            insert into accounts values (1, 500), (2, 0)";

    async fn cents(pool: &SqlitePool, account: i64) -> i64 {
        let query = sqlx::query_scalar("select cents from accounts where id = ?");
        query.bind(account).fetch_one(pool).await.unwrap()
    }

    #[idempotent(key = "transfer:{id}", strategy = "db", tx = tx)]
    async fn transfer(tx: &mut SqliteTransaction<'_>, id: i64) -> Result<i64, Error> {
        for (account, change) in [(1, -500), (2, 500)] {
            sqlx::query("update accounts set cents = cents + ? where id = ?")
                .bind(change)
                .bind(account)
                .execute(&mut **tx)
                .await?;
        }
        Ok(id)
    }

    #[tokio::test]
    async fn a_transfer_happens_exactly_once() {
        idem::testing::explore(|world| async move {
            let pool = world.sqlite().await;
            sqlx::raw_sql(ACCOUNTS).execute(&pool).await.unwrap();
            let transferred = world.deliver(|| async {
                let mut tx = pool.begin_with("begin immediate").await?;
                let id = transfer(&mut tx, 4711).await?;
                tx.commit().await?;
                Ok::<_, Error>(id)
            });
            transferred.await.unwrap();
            assert_eq!(cents(&pool, 2).await, 500, "{world}");
        })
        .await;
    }
}
