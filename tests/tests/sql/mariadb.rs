//! What of a server's settings would cost a claim or a result, and is refused when an engine is built;
//! and what a claim does to a row that it only tells of.

use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Idem, Outcome, Plan, with_outcome};
use kit::database::{Kind, Server};
use kit::proxy::Proxy;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, Executor as _, MySqlPool, MySqlTransaction};

use crate::database::{Database, Runs, SOON, ask, key};

const PLAN: Plan = Plan::db();

fn reason(built: Result<Idem, Error>) -> String {
    match built {
        Err(Error::Config { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

/// What is claimed there is committed by nobody.
#[tokio::test]
async fn connections_that_do_not_commit_are_refused() {
    let pool = MySqlPoolOptions::new().after_connect(|connection, _| {
        Box::pin(async move { connection.execute("set autocommit = 0").await.map(drop) })
    });
    let pool = pool.connect_lazy(&Database::mariadb().url).unwrap();
    let told = reason(Idem::builder().mysql(pool).build().await);
    assert!(told.contains("`autocommit` is off"), "{told}");
}

/// A replica, or a primary that is about to be one.
#[tokio::test]
async fn a_server_that_only_reads_is_refused() {
    let server = Server::start_with(Kind::MariaDb, &[("read_only", "1")]);
    let told = reason(Idem::builder().database(server.url()).timeout(SOON).build().await);
    assert!(told.contains("read-only") && told.contains("its primary"), "{told}");
    Database::at(&server).execute("set global read_only = 0").await;
    Idem::builder().database(server.url()).timeout(SOON).build().await.unwrap();
}

/// A result that the server refuses would be lost, and the body run again.
#[tokio::test]
async fn results_that_the_server_would_refuse_are_not_promised() {
    const PACKET: usize = 1 << 20;
    let server = Server::start_with(Kind::MariaDb, &[("max_allowed_packet", "1048576")]);
    let builder = || Idem::builder().database(server.url()).timeout(crate::database::SOON);
    for too_much in [PACKET - 4095, PACKET, usize::MAX] {
        let told = reason(builder().max_result(too_much).build().await);
        assert!(told.contains("max_allowed_packet"), "{told}");
    }

    let most = PACKET - 4096;
    let idem = builder().max_result(most).build().await.unwrap();
    idem.migrate().await.unwrap();
    let one = 1;
    for run in 0..2 {
        // And two quotes.
        let body = async { Ok::<_, Error>(run.to_string().repeat(most - 2)) };
        let call = idem.call(&Plan::db(), idem::key!("op:{one}"), body);
        let (value, outcome) = with_outcome(call).await;
        assert_eq!(value.unwrap().get(..2), Some("00"), "{outcome:?}");
    }
}

/// H61: a claim that finds something there writes nothing, neither to the table nor for a replica.
#[tokio::test]
async fn duplicates_change_no_row_and_are_not_logged() {
    let server = Server::start_with(Kind::MariaDb, &[("log-bin", "log"), ("server-id", "1")]);
    for set in ["ROW", "MIXED", "STATEMENT"].map(|it| format!("set session binlog_format = '{it}'"))
    {
        let database = Database::at(&server);
        let idem = database.engine_after(set.clone().leak()).await;
        let elsewhere = database.engine_after(set.clone().leak()).await;
        ask(&idem, &PLAN, 1).await.0.unwrap();
        let written = async || {
            let status =
                "select cast(sum(variable_value) as signed) from information_schema.global_status
                where variable_name in ('BINLOG_BYTES_WRITTEN', 'INNODB_ROWS_UPDATED')";
            database.number(status).await
        };
        // In flight, and completed.
        let body = async {
            let before = written().await;
            for _ in 0..3 {
                elsewhere.call(&PLAN, key(2_u64), Runs::default().body()).await.unwrap_err();
                ask(&elsewhere, &PLAN, 1).await.0.unwrap();
            }
            assert_eq!(written().await, before, "{set}");
            Ok::<_, Error>(1)
        };
        let before = written().await;
        idem.call(&PLAN, key(2_u64), body).await.unwrap();
        assert!(written().await > before);
    }
}

/// Another session, in a transaction that has done this.
async fn rival(database: &Database, sql: String) -> MySqlTransaction<'static> {
    let mut rival = MySqlPool::connect(&database.url).await.unwrap().begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *rival).await.unwrap();
    rival
}

/// Whoever has locked a record, for whatever reason.
#[tokio::test]
async fn what_is_completed_is_told_though_its_row_is_locked() {
    let database = Database::mariadb();
    let idem = database.engine().await;
    ask(&idem, &PLAN, 1).await.0.unwrap();
    for lock in ["for update", "lock in share mode"] {
        let rival = rival(&database, format!("select 1 from {} {lock}", database.table)).await;
        let (value, outcome) = ask(&idem, &PLAN, 1).await;
        assert_eq!(value.unwrap(), 77);
        assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
        rival.rollback().await.unwrap();
    }
}

/// Those that wait for somebody who then does not commit end in a deadlock, of which nobody is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_wait_for_one_that_rolls_back_are_one_effect() {
    const MANY: usize = 6;
    let database = Database::mariadb();
    let mut engines = Vec::new();
    for _ in 0..MANY {
        engines.push(database.engine().await);
    }
    // Of `innodb_trx` a client that asks often is shown what it was shown before.
    let waiting = format!(
        "select count(*) from information_schema.processlist where info like 'insert into `{}`%'",
        database.table
    );
    for number in 0..5_u64 {
        let insert = format!(
            "insert into {} (name, state, owner, fence, attempts, holder, expires_at, record)
             values ('idem:op:{number}', 1, '', 1, 1, '', utc_timestamp() + interval 1 day, '')",
            database.table
        );
        let rival = rival(&database, insert).await;
        let runs = Arc::new(Runs::default());
        let calls: Vec<_> = engines
            .iter()
            .map(|idem| {
                let (idem, runs) = (idem.clone(), Arc::clone(&runs));
                let plan = PLAN.wait(SOON);
                tokio::spawn(async move { idem.call(&plan, key(number), runs.body()).await })
            })
            .collect();
        kit::wait_for("all to wait", SOON, async || {
            usize::try_from(database.number(&waiting).await) == Ok(MANY)
        })
        .await;
        rival.rollback().await.unwrap();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), 1);
        }
        assert_eq!(runs.count(), 1);
    }
}

/// Between a sweep's count and its deletion some of what it has counted is taken over, and some deleted
/// by another.
#[tokio::test]
async fn what_a_sweep_has_counted_and_others_have_changed_is_not_swept() {
    let database = Database::mariadb();
    let builder = || database.builder().sweep_every(Duration::ZERO);
    let idem = builder().build().await.unwrap();
    idem.migrate().await.unwrap();
    let proxy = Proxy::start(database.server().address()).await;
    let through = database.by_way_of(proxy.address()).builder().sweep_every(Duration::ZERO);
    let sweeper = through.build().await.unwrap();
    for by_another in [false, true] {
        for number in 0..10 {
            ask(&idem, &PLAN, number).await.0.unwrap();
        }
        database.expire().await;
        // A server is asked for a statement by its text once on each connection.
        proxy.cut_all();
        let deletion = proxy.hold_request("delete from");
        let sweeping = tokio::spawn({
            let sweeper = sweeper.clone();
            async move { sweeper.sweep().await }
        });
        let deletion = deletion.caught().await;
        for number in 0..3 {
            let (_, outcome) = ask(&idem, &PLAN, number).await;
            assert!(matches!(outcome, Outcome::Ran { .. }), "{outcome:?}");
        }
        let others = if by_another { idem.sweep().await.unwrap() } else { 0 };
        assert_eq!(others, if by_another { 7 } else { 0 });
        deletion.deliver().await;
        assert_eq!(sweeping.await.unwrap().unwrap() + others, 7);
        assert_eq!(database.rows().await, 3);
        for number in 0..3 {
            let (_, outcome) = ask(&idem, &PLAN, number).await;
            assert!(matches!(outcome, Outcome::Replayed { .. }), "{outcome:?}");
            let fence = idem.get(&key(number)).await.unwrap().unwrap().fence;
            assert_eq!(idem.purge(&key(number), fence).await.unwrap(), idem::store::Settled::Done);
        }
    }
}
