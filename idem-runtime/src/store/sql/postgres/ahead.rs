//! A statement that is sent without waiting for its answer: the connection passes over that before it
//! sends the next.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use sqlx::postgres::PgConnection;
use sqlx::{SqlSafeStr, SqlStr};

/// Sends a statement, and answers whether it has. It does so only right after a statement that was
/// executed to its end: while sqlx is owed an answer, it sends nothing.
///
/// sqlx promises nowhere that one poll sends. So the first call of a process sends nothing but a trial,
/// and asks what became of it.
pub(super) async fn send(
    connection: &mut PgConnection,
    statement: &SqlStr,
) -> Result<bool, sqlx::Error> {
    static POLL: AtomicU8 = AtomicU8::new(UNTRIED);
    match POLL.load(Ordering::Relaxed) {
        SENDS => poll_once(connection, statement.clone()).await.map(|()| true),
        UNTRIED => {
            let sends = try_once(connection).await?;
            POLL.store(if sends { SENDS } else { WAITS }, Ordering::Relaxed);
            Ok(false)
        }
        _ => Ok(false),
    }
}

const UNTRIED: u8 = 0;
const SENDS: u8 = 1;
const WAITS: u8 = 2;

async fn poll_once(connection: &mut PgConnection, statement: SqlStr) -> Result<(), sqlx::Error> {
    let mut sending = pin!(sqlx::raw_sql(statement).execute(connection));
    poll_fn(|context| match sending.as_mut().poll(context) {
        Poll::Ready(answered) => Poll::Ready(answered.map(drop)),
        Poll::Pending => Poll::Ready(Ok(())),
    })
    .await
}

/// Whether what is polled once was sent, and came before what is sent next.
async fn try_once(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    poll_once(connection, "set local idem.sent to 'yes'".into_sql_str()).await?;
    let question = "select coalesce(current_setting('idem.sent', true), '') = 'yes'";
    sqlx::query_scalar(question).persistent(false).fetch_one(connection).await
}
