use idem::{Error, Idem, idempotent};
use sqlx::{Acquire as _, Row as _, Transaction};

use super::{MySql, Nesting, Pool, Postgres, Receipt, Sqlite, Statements, body};

/// The statements, which differ in their words alone.
macro_rules! statements {
    ($database:ty { begin: $begin:literal, table: $table:literal, claim: $claim:literal, complete: $complete:literal, get: $get:literal }) => {
        const _: () = {
            type Tx<'c> = Transaction<'c, $database>;

            #[idempotent(key = "joined:{order}", strategy = "db", tx = _tx, engine = idem)]
            async fn joined(idem: &Idem, _tx: &mut Tx<'_>, order: u64) -> Result<Receipt, Error> {
                Ok(body(order).await)
            }

            /// The claim, the body and the result, by hand.
            async fn by_hand(tx: &mut Tx<'_>, key: &str, owner: u128, order: u64) -> Receipt {
                let owner = &owner.to_be_bytes()[..];
                let claim = sqlx::query($claim).bind(key).bind(owner);
                let claimed = claim.execute(&mut **tx).await.expect("it answers");
                assert_eq!(claimed.rows_affected(), 1, "nobody else has the key");
                let receipt = body(order).await;
                let result = serde_json::to_vec(&receipt).expect("a receipt");
                let complete = sqlx::query($complete).bind(result).bind(key).bind(owner);
                complete.execute(&mut **tx).await.expect("it answers");
                receipt
            }

            impl Statements for $database {
                async fn joined(idem: &Idem, pool: &Pool<Self>, order: u64) -> Receipt {
                    let mut tx = pool.begin_with($begin).await.expect("it answers");
                    let receipt =
                        joined(idem, &mut tx, order).await.expect("nobody else has the key");
                    tx.commit().await.expect("it commits");
                    receipt
                }

                async fn by_hand_in_tx(
                    pool: &Pool<Self>,
                    key: &str,
                    nesting: Nesting,
                    order: u64,
                ) -> Receipt {
                    let mut tx = pool.begin_with($begin).await.expect("it answers");
                    let receipt = match nesting {
                        Nesting::None => by_hand(&mut tx, key, rand::random(), order).await,
                        Nesting::Savepoint => {
                            let mut nested = tx.begin().await.expect("it answers");
                            let receipt = by_hand(&mut nested, key, rand::random(), order).await;
                            nested.commit().await.expect("it answers");
                            receipt
                        }
                    };
                    tx.commit().await.expect("it commits");
                    receipt
                }

                const TABLE: &str = $table;

                async fn claim(pool: &Pool<Self>, key: &str, owner: u128) -> bool {
                    let claim = sqlx::query($claim).bind(key).bind(&owner.to_be_bytes()[..]);
                    claim.execute(pool).await.expect("it answers").rows_affected() == 1
                }

                async fn complete(
                    pool: &Pool<Self>,
                    key: &str,
                    owner: u128,
                    result: &[u8],
                ) -> bool {
                    let complete = sqlx::query($complete).bind(result).bind(key);
                    let complete = complete.bind(&owner.to_be_bytes()[..]);
                    complete.execute(pool).await.expect("it answers").rows_affected() == 1
                }

                async fn get(pool: &Pool<Self>, key: &str) -> Vec<u8> {
                    sqlx::query($get).bind(key).fetch_one(pool).await.expect("it answers").get(0)
                }
            }
        };
    };
}

statements!(Postgres {
    begin: "begin",
    table: "create table if not exists by_hand (
        key text primary key, owner bytea not null, lease_until timestamptz, expires_at timestamptz not null,
        result bytea);
        create index if not exists by_hand_expires_at on by_hand (expires_at)",
    claim: "insert into by_hand (key, owner, lease_until, expires_at)
        values ($1, $2, now() + interval '30 seconds', now() + interval '1 day')
        on conflict (key) do nothing",
    complete: "update by_hand set result = $1, lease_until = null, expires_at = now() + interval '1 day'
        where key = $2 and owner = $3",
    get: "select result from by_hand where key = $1 and expires_at > now()"
});

statements!(MySql {
    begin: "begin",
    table: "create table if not exists by_hand (
        `key` varchar(255) primary key, owner binary(16) not null, lease_until datetime(6) null,
        expires_at datetime(6) not null, result longblob, key (expires_at)) engine = InnoDB",
    claim: "insert ignore into by_hand (`key`, owner, lease_until, expires_at)
        values (?, ?, now(6) + interval 30 second, now(6) + interval 1 day)",
    complete:
        "update by_hand set result = ?, lease_until = null, expires_at = now(6) + interval 1 day
        where `key` = ? and owner = ?",
    get: "select result from by_hand where `key` = ? and expires_at > now(6)"
});

statements!(Sqlite {
    begin: "begin immediate",
    table: "create table if not exists by_hand (
        key text primary key, owner blob not null, lease_until real, expires_at real not null, result blob);
        create index if not exists by_hand_expires_at on by_hand (expires_at)",
    claim: "insert into by_hand (key, owner, lease_until, expires_at)
        values (?, ?, unixepoch('subsec') + 30, unixepoch('subsec') + 86400)
        on conflict (key) do nothing",
    complete: "update by_hand set result = ?, lease_until = null, expires_at = unixepoch('subsec') + 86400
        where key = ? and owner = ?",
    get: "select result from by_hand where key = ? and expires_at > unixepoch('subsec')"
});
