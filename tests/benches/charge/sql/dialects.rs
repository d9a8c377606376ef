use idem::{Error, Idem, StateMachine, idempotent};
use sqlx::{Acquire as _, Row as _, Transaction};

use super::same::Same as _;
use super::{By, MySql, Pool, Postgres, Receipt, Sqlite, Statements, Work, body};

#[derive(StateMachine, Clone, Copy, Debug, PartialEq)]
#[state(table = "bench_orders", id = "id", column = "status")]
enum Status {
    #[state(to(Paid))]
    Pending,
    Paid,
}

/// The statements, which differ in their words alone.
macro_rules! statements {
    ($database:ty { begin: $begin:literal, table: $table:literal, claim: $claim:literal, complete: $complete:literal, get: $get:literal,
        place: $place:literal, pay: $pay:literal }) => {
        const _: () = {
            type Tx<'c> = Transaction<'c, $database>;

            #[idempotent(key = "joined:{order}", strategy = "db", tx = _tx, engine = idem)]
            async fn joined(idem: &Idem, _tx: &mut Tx<'_>, order: u64) -> Result<Receipt, Error> {
                Ok(body(order).await)
            }

            #[idempotent(
                                                key = "moved:{order}",
                                                strategy = "state",
                                                transition = Status::Pending => Status::Paid,
                                                entity = order,
                                                tx = _tx,
                                                engine = idem
                                            )]
            async fn moved(idem: &Idem, _tx: &mut Tx<'_>, order: i64) -> Result<Receipt, Error> {
                Ok(body(order.cast_unsigned()).await)
            }

            /// The order that is to be moved, in the same transaction for whoever moves it.
            async fn place(tx: &mut Tx<'_>, order: u64) {
                let place = sqlx::query($place).bind(order.cast_signed());
                place.execute(&mut **tx).await.expect("it answers");
            }

            /// The claim, the move if there is one, the body and the result, by hand.
            async fn by_hand(tx: &mut Tx<'_>, key: &str, work: Work, order: u64) -> Receipt {
                let owner = &rand::random::<u128>().to_be_bytes()[..];
                let claim = sqlx::query($claim).bind(key).bind(owner);
                let claimed = claim.execute(&mut **tx).await.expect("it answers");
                assert_eq!(claimed.rows_affected(), 1, "nobody else has the key");
                if work == Work::Transition {
                    let pay = sqlx::query($pay).bind(order.cast_signed());
                    let paid = pay.execute(&mut **tx).await.expect("it answers");
                    assert_eq!(paid.rows_affected(), 1, "the order is pending");
                }
                let receipt = body(order).await;
                let result = serde_json::to_vec(&receipt).expect("a receipt");
                let complete = sqlx::query($complete).bind(result).bind(key).bind(owner);
                complete.execute(&mut **tx).await.expect("it answers");
                receipt
            }

            async fn by_our_statements(
                tx: &mut Tx<'_>,
                key: &str,
                work: Work,
                order: u64,
            ) -> Receipt {
                let owner = &rand::random::<u128>().to_be_bytes()[..];
                let fence = <$database>::claim_as_we_do(tx, key, owner).await;
                if work == Work::Transition {
                    let paid = <$database>::pay_as_we_do(tx, order.cast_signed()).await;
                    assert!(paid, "the order is pending");
                }
                let receipt = body(order).await;
                let result = serde_json::to_vec(&receipt).expect("a receipt");
                let stored = <$database>::settle_as_we_do(tx, key, owner, fence, &result).await;
                assert!(stored, "the claim stands");
                receipt
            }

            impl Statements for $database {
                async fn joined(idem: &Idem, pool: &Pool<Self>, work: Work, order: u64) -> Receipt {
                    let mut tx = pool.begin_with($begin).await.expect("it answers");
                    let receipt = match work {
                        Work::Body => joined(idem, &mut tx, order).await,
                        Work::Transition => {
                            place(&mut tx, order).await;
                            moved(idem, &mut tx, order.cast_signed()).await
                        }
                    };
                    tx.commit().await.expect("it commits");
                    receipt.expect("nobody else has the key")
                }

                async fn by_hand_in_tx(
                    pool: &Pool<Self>,
                    key: &str,
                    by: By,
                    work: Work,
                    order: u64,
                ) -> Receipt {
                    let mut tx = pool.begin_with($begin).await.expect("it answers");
                    if work == Work::Transition {
                        place(&mut tx, order).await;
                    }
                    let receipt = if by == By::Hand {
                        by_hand(&mut tx, key, work, order).await
                    } else {
                        let mut nested = tx.begin().await.expect("it answers");
                        let receipt = match by {
                            By::OurStatements => {
                                by_our_statements(&mut nested, key, work, order).await
                            }
                            _ => by_hand(&mut nested, key, work, order).await,
                        };
                        nested.commit().await.expect("it answers");
                        receipt
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
        create index if not exists by_hand_expires_at on by_hand (expires_at);
        create table if not exists bench_orders (id bigint primary key, status text not null)",
    claim: "insert into by_hand (key, owner, lease_until, expires_at)
        values ($1, $2, now() + interval '30 seconds', now() + interval '1 day')
        on conflict (key) do nothing",
    complete: "update by_hand set result = $1, lease_until = null, expires_at = now() + interval '1 day'
        where key = $2 and owner = $3",
    get: "select result from by_hand where key = $1 and expires_at > now()",
    place: "insert into bench_orders (id, status) values ($1, 'pending')",
    pay: "update bench_orders set status = 'paid' where id = $1 and status = 'pending'"
});

statements!(MySql {
    begin: "begin",
    table: "create table if not exists by_hand (
        `key` varchar(255) primary key, owner binary(16) not null, lease_until datetime(6) null,
        expires_at datetime(6) not null, result longblob, key (expires_at)) engine = InnoDB;
        create table if not exists bench_orders (id bigint primary key, status varchar(16) not null) engine = InnoDB",
    claim: "insert ignore into by_hand (`key`, owner, lease_until, expires_at)
        values (?, ?, now(6) + interval 30 second, now(6) + interval 1 day)",
    complete:
        "update by_hand set result = ?, lease_until = null, expires_at = now(6) + interval 1 day
        where `key` = ? and owner = ?",
    get: "select result from by_hand where `key` = ? and expires_at > now(6)",
    place: "insert into bench_orders (id, status) values (?, 'pending')",
    pay: "update bench_orders set status = 'paid' where id = ? and status = 'pending'"
});

statements!(Sqlite {
    begin: "begin immediate",
    table: "create table if not exists by_hand (
        key text primary key, owner blob not null, lease_until real, expires_at real not null, result blob);
        create index if not exists by_hand_expires_at on by_hand (expires_at);
        create table if not exists bench_orders (id integer primary key, status text not null)",
    claim: "insert into by_hand (key, owner, lease_until, expires_at)
        values (?, ?, unixepoch('subsec') + 30, unixepoch('subsec') + 86400)
        on conflict (key) do nothing",
    complete: "update by_hand set result = ?, lease_until = null, expires_at = unixepoch('subsec') + 86400
        where key = ? and owner = ?",
    get: "select result from by_hand where key = ? and expires_at > unixepoch('subsec')",
    place: "insert into bench_orders (id, status) values (?, 'pending')",
    pay: "update bench_orders set status = 'paid' where id = ? and status = 'pending'"
});
