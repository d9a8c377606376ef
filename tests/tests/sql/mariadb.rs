//! What of a server's settings would cost a claim or a result, and is refused when an engine is built.

use idem::{Error, Idem, Plan, with_outcome};
use kit::database::{Kind, Server};
use sqlx::Executor as _;
use sqlx::mysql::MySqlPoolOptions;

use crate::database::Database;

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
