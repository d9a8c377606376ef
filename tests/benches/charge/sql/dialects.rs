use sqlx::Row as _;

use super::{MySql, Pool, Postgres, Sqlite, Statements};

/// The three statements, which differ in their words alone.
macro_rules! statements {
    ($database:ty { table: $table:literal, claim: $claim:literal, complete: $complete:literal, get: $get:literal }) => {
        impl Statements for $database {
            const TABLE: &str = $table;

            async fn claim(pool: &Pool<Self>, key: &str, owner: u128) -> bool {
                let claim = sqlx::query($claim).bind(key).bind(&owner.to_be_bytes()[..]);
                claim.execute(pool).await.expect("it answers").rows_affected() == 1
            }

            async fn complete(pool: &Pool<Self>, key: &str, owner: u128, result: &[u8]) -> bool {
                let complete = sqlx::query($complete).bind(result).bind(key);
                let complete = complete.bind(&owner.to_be_bytes()[..]);
                complete.execute(pool).await.expect("it answers").rows_affected() == 1
            }

            async fn get(pool: &Pool<Self>, key: &str) -> Vec<u8> {
                sqlx::query($get).bind(key).fetch_one(pool).await.expect("it answers").get(0)
            }
        }
    };
}

statements!(Postgres {
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
