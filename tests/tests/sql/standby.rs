//! A standby of Postgres, which reads and never writes.

use std::fs;

use idem::{Error, Idem};
use kit::database::{Kind, Server};

use crate::database::SOON;

#[tokio::test]
async fn an_engine_is_not_built_on_a_standby() {
    let mut server = Server::start(Kind::Postgres);
    let builder = |server: &Server| Idem::builder().database(server.url()).timeout(SOON);
    builder(&server).build().await.unwrap();
    server.stop();
    fs::write(server.folder().join("data/standby.signal"), "").unwrap();
    server.start_again();
    let refused = builder(&server).build().await;
    let Err(Error::Config { reason, .. }) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("a standby") && reason.contains("its primary"), "{reason}");
}
