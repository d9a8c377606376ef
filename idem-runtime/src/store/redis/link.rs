//! A connection that comes back, and one step on it within a budget of time.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, ProtocolVersion, PushInfo,
    PushKind, RedisError, RedisResult, RetryMethod, Value,
};
use tokio::time::{Instant, timeout, timeout_at};

use super::RedisOptions;
use super::connection::{Connected, Current, Dialect, Life};
use super::probe::{Server, probe};
use crate::error::{Error, Source};
use crate::store::{Name, StoreError};

/// One server, and the connection to it as long as there is one.
pub(super) struct Link(Arc<Line>);

/// What a link shares with the task that connects for it.
struct Line {
    client: Client,
    /// For servers that do not speak RESP3.
    old: Client,
    timeout: Duration,
    /// Where the probe looks: a name that no key has.
    probe: String,
    /// No better dialect is spoken than this one.
    at_most: Dialect,
    /// Read at each step, by all threads: so without a lock, and without a count of readers.
    now: ArcSwapOption<Current>,
    /// How many connections were made.
    dialled: AtomicU64,
    connecting: tokio::sync::Mutex<Option<Failed>>,
}

/// The last try to connect, for those who come right after it.
struct Failed {
    at: Instant,
    error: RedisError,
}

/// What became of one send.
enum Sent {
    /// The server has answered, and would answer so again.
    Answered(RedisResult<Value>),
    /// The server has done nothing, and asking again may help.
    Refused(RedisError),
    /// There was no answer: what the server did is unknown.
    Lost(RedisError),
}

/// How long a try to connect that has failed speaks for others.
const FAILED_FOR: Duration = Duration::from_millis(50);
/// How many commands wait for the connection before a caller waits for the queue. redis-rs' 50 makes
/// the callers of a busy process wake each other one by one.
const QUEUE: usize = 1024;
/// How many bytes are gathered for one write: a command with a record in it has some 300.
const WRITE: usize = 64 * 1024;
/// One send has a third of the step's time: the answer may be lost, and the step is sent again.
const SENDS: u32 = 3;

impl Link {
    /// # Errors
    ///
    /// [`Error::Config`] for a URL that is none.
    pub(super) fn new(url: &str, options: &RedisOptions) -> Result<Self, Error> {
        let invalid = |error: RedisError| {
            Error::config(format!(
                "the Redis URL: {error}; write `redis://[user:password@]host[:port][/db]`, or \
                 `rediss://…` with the feature `redis-rustls`"
            ))
        };
        let info = url.into_connection_info().map_err(invalid)?;
        // RESP3 tells when a connection is closed, before a command is lost on it.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self(Arc::new(Line {
            client: Client::open(info.clone().set_redis_settings(settings)).map_err(invalid)?,
            old: Client::open(info).map_err(invalid)?,
            timeout: options.timeout,
            probe: format!("{}#probe", Name::start(&options.prefix)),
            at_most: options.at_most,
            now: ArcSwapOption::empty(),
            dialled: AtomicU64::new(0),
            connecting: tokio::sync::Mutex::new(None),
        })))
    }

    /// Connects, and says what the server is.
    pub(super) async fn open(&self) -> Result<Server, RedisError> {
        let (current, server) = self.0.dial().await?;
        self.0.now.store(Some(Arc::new(current)));
        Ok(server)
    }

    /// Takes one step. A send that got no answer is sent again, on a new connection, for as long as
    /// the step has time: `step` must be one that can be repeated.
    pub(super) async fn step<F>(&self, step: impl Fn(Connected) -> F) -> Result<Value, StoreError>
    where
        F: Future<Output = RedisResult<Value>>,
    {
        let mut now = Instant::now();
        let (deadline, share) = (now + self.0.timeout, self.0.timeout / SENDS);
        let mut reached = false;
        let mut pause = Duration::from_millis(5);
        loop {
            let connected = if let Some(connected) = self.0.alive() {
                Ok(connected)
            } else {
                let connected = timeout_at(deadline, self.connected()).await;
                now = Instant::now();
                connected.unwrap_or_else(|_| Err(timed_out()))
            };
            let error = match connected {
                Err(error) => error,
                Ok(connected) => match self.send(deadline.min(now + share), connected, &step).await
                {
                    Sent::Answered(answer) => return answer.map_err(|error| failed(error, true)),
                    Sent::Refused(error) => error,
                    Sent::Lost(error) => {
                        reached = true;
                        error
                    }
                },
            };
            if is_final(&error) || Instant::now() + pause >= deadline {
                return Err(failed(error, reached));
            }
            tokio::time::sleep(pause).await;
            now = Instant::now();
            pause *= 2;
        }
    }

    /// Sends a step once, for its share of the time.
    async fn send<F>(
        &self,
        until: Instant,
        connected: Connected,
        step: &impl Fn(Connected) -> F,
    ) -> Sent
    where
        F: Future<Output = RedisResult<Value>>,
    {
        let number = connected.number;
        match timeout_at(until, step(connected)).await {
            Ok(Ok(value)) => Sent::Answered(Ok(value)),
            Ok(Err(error)) if is_final(&error) => Sent::Answered(Err(error)),
            Ok(Err(error)) if error.code().is_some() => {
                // A primary no more: by another connection its name may lead to the one that
                // followed it.
                if error.code() == Some("READONLY") {
                    self.0.end(number);
                }
                Sent::Refused(error)
            }
            Ok(Err(error)) => {
                self.0.end(number);
                Sent::Lost(error)
            }
            Err(_) => {
                self.0.end(number);
                Sent::Lost(timed_out())
            }
        }
    }

    /// The connection, or a new one. Connecting is a task of its own, which all who want a
    /// connection wait for: a caller that leaves or stops polling keeps nobody from it.
    async fn connected(&self) -> RedisResult<Connected> {
        if let Some(connected) = self.0.alive() {
            return Ok(connected);
        }
        let line = Arc::clone(&self.0);
        let connecting = tokio::spawn(async move { line.connect_again().await });
        // It ends early only with its runtime.
        connecting.await.unwrap_or_else(|_| Err(timed_out()))
    }
}

impl Line {
    async fn connect_again(&self) -> RedisResult<Connected> {
        let mut failed = self.connecting.lock().await;
        if let Some(connected) = self.alive() {
            return Ok(connected);
        }
        if let Some(failed) = failed.as_ref().filter(|failed| failed.at.elapsed() < FAILED_FOR) {
            return Err(failed.error.clone());
        }
        // Boxed: it is large and rare.
        match Box::pin(self.dial()).await {
            Ok((current, server)) => {
                if server.is_replica {
                    tracing::warn!("reconnected to a replica: it refuses every claim");
                }
                if let Some(forbidden) = &server.forbidden {
                    tracing::warn!(%forbidden, "reconnected to a Redis that forbids what records need");
                }
                *failed = None;
                let connected = current.connected.clone();
                self.now.store(Some(Arc::new(current)));
                Ok(connected)
            }
            Err(error) => {
                *failed = Some(Failed { at: Instant::now(), error: error.clone() });
                Err(error)
            }
        }
    }

    fn alive(&self) -> Option<Connected> {
        let now = self.now.load();
        let current = now.as_ref().filter(|current| !current.life.is_over())?;
        Some(current.connected.clone())
    }

    /// The connection of that number is of no use any more.
    fn end(&self, number: u64) {
        let now = self.now.load();
        if let Some(current) = now.as_ref().filter(|current| current.connected.number == number) {
            current.life.end();
        }
    }

    /// Connects and looks at the server, within the time of one step.
    async fn dial(&self) -> RedisResult<(Current, Server)> {
        let dialled = async {
            let (connection, life) = self.connect().await?;
            let number = self.dialled.fetch_add(1, Ordering::Relaxed);
            let mut connected = Connected::new(connection, number);
            let server = probe(&mut connected, &self.probe).await?;
            connected.dialect = server.dialect.min(self.at_most);
            Ok((Current { connected, life }, server))
        };
        timeout(self.timeout, dialled).await.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn connect(&self) -> RedisResult<(MultiplexedConnection, Life)> {
        let life = Life::new();
        let ends = life.clone();
        // Each step has a time of its own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE)
            .set_write_backpressure_boundary(WRITE);
        let told = config.clone().set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                ends.end();
            }
            Ok::<_, SendError>(())
        });
        let connection = match self.client.get_multiplexed_async_connection_with_config(&told).await
        {
            Err(error) if speaks_no_resp3(&error) => {
                self.old.get_multiplexed_async_connection_with_config(&config).await?
            }
            connection => connection?,
        };
        Ok((connection, life))
    }
}

/// Whether a server may have refused `HELLO` as such, in one of the ways that there are. Valkey asks
/// for a password before it says that it does not know a command.
fn speaks_no_resp3(error: &RedisError) -> bool {
    error.kind() == ErrorKind::RESP3NotSupported
        || matches!(error.code(), Some("ERR" | "NOPROTO" | "NOPERM" | "NOAUTH"))
}

fn failed(error: RedisError, reached: bool) -> StoreError {
    let source = discreet(error);
    if reached { StoreError::unknown(source) } else { StoreError::unreached(source) }
}

/// A server that does not know a command repeats what came with it: key and record, which have no
/// place in an error or a log.
fn discreet(error: RedisError) -> Source {
    match error.detail().and_then(|detail| detail.split_once(", with args")) {
        Some((what, _)) => what.to_owned().into(),
        None => error.into(),
    }
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Whether asking again can't help: the server has answered, and will answer so again.
fn is_final(error: &RedisError) -> bool {
    matches!(error.retry_method(), RetryMethod::NoRetry)
}

#[cfg(test)]
mod tests {
    use redis::parse_redis_value;

    use super::*;

    fn refused(line: &str) -> RedisError {
        let answer = parse_redis_value(format!("-{line}\r\n").as_bytes()).expect("an answer");
        answer.extract_error().expect_err("an error")
    }

    #[test]
    fn a_server_of_before_resp3_says_so_in_one_of_these_ways() {
        for said in [
            "ERR unknown command 'HELLO'",
            "NOPROTO unsupported protocol version",
            "NOPERM this user has no permissions to run the 'hello' command",
            "NOAUTH Authentication required.",
        ] {
            assert!(speaks_no_resp3(&refused(said)), "{said}");
        }
        assert!(speaks_no_resp3(&(ErrorKind::RESP3NotSupported, "HELLO").into()));
        assert!(!speaks_no_resp3(&refused("LOADING the dataset")));
        assert!(!speaks_no_resp3(&timed_out()));
    }

    #[test]
    fn what_a_server_would_answer_again_is_final() {
        assert!(is_final(&refused("ERR syntax error")));
        assert!(is_final(&refused("WRONGTYPE Operation against a key")));
        assert!(!is_final(&refused("LOADING the dataset")));
        assert!(!is_final(&timed_out()));
    }

    #[test]
    fn an_error_says_nothing_of_what_was_sent() {
        let unknown = "ERR unknown command 'SET', with args beginning with: 'pay:1' 'secret'";
        for reached in [true, false] {
            let error = failed(refused(unknown), reached);
            assert_eq!(error.to_string(), "unknown command 'SET'");
            assert_eq!(error.may_have_reached(), reached);
        }
        assert!(failed(refused("OOM no memory"), true).to_string().contains("no memory"));
    }

    #[test]
    fn a_time_out_is_told_as_one() {
        assert!(timed_out().is_timeout());
    }
}
