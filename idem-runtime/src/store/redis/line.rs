//! The connection to a server, which is made again when it has broken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, ProtocolVersion, PushInfo,
    PushKind, RedisError, RedisResult,
};
use tokio::time::{Instant, timeout};

use super::RedisOptions;
use super::connection::{Connected, Current, Dialect, Life};
use super::probe::{Server, probe};
use crate::error::Error;
use crate::store::Name;

/// One server, and the connection to it for as long as there is one.
pub(super) struct Line {
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
    /// Whether any step listens for an answer to anybody. Read at each answer, and written only while
    /// answers are late.
    listening: AtomicBool,
    /// Changes with the first answer that comes while somebody listens.
    answers: AtomicU64,
    connecting: tokio::sync::Mutex<Option<Failed>>,
}

/// The last try to connect, for those who come right after it.
struct Failed {
    at: Instant,
    error: RedisError,
}

/// How long a try to connect that has failed speaks for others.
const FAILED_FOR: Duration = Duration::from_millis(50);
/// How many commands wait for the connection before a caller waits for the queue. redis-rs' 50 makes
/// the callers of a busy process wake each other one by one.
const QUEUE: usize = 1024;
/// How many bytes are gathered for one write: as many as Redis reads at once. It answers these while the
/// next are gathered; with all of a busy process in one write, server and process wait for each other.
const WRITE: usize = 16 * 1024;

impl Line {
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
        Ok(Self {
            client: Client::open(info.clone().set_redis_settings(settings)).map_err(invalid)?,
            old: Client::open(info).map_err(invalid)?,
            timeout: options.timeout,
            probe: format!("{}#probe", Name::start(&options.prefix)),
            at_most: options.at_most,
            now: ArcSwapOption::empty(),
            dialled: AtomicU64::new(0),
            listening: AtomicBool::new(false),
            answers: AtomicU64::new(0),
            connecting: tokio::sync::Mutex::new(None),
        })
    }

    /// How long one step may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Connects, and says what the server is.
    pub(super) async fn open(&self) -> RedisResult<Server> {
        let (current, server) = self.dial().await?;
        self.now.store(Some(Arc::new(current)));
        Ok(server)
    }

    /// Connects, unless another has meanwhile, or has just failed to.
    pub(super) async fn connect_again(&self) -> RedisResult<Connected> {
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
                if let Some(mode) = server.mode {
                    tracing::warn!(?mode, "reconnected to a Redis that does not stand alone");
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

    /// The connection, while it is of use.
    pub(super) fn alive(&self) -> Option<Connected> {
        let now = self.now.load();
        let current = now.as_ref().filter(|current| !current.life.is_over())?;
        Some(current.connected.clone())
    }

    /// Listens for the next answer to anybody, for a step whose own is late. Once one has come, this
    /// returns another number.
    pub(super) fn listen(&self) -> u64 {
        let answers = self.answers.load(Ordering::Relaxed);
        self.listening.store(true, Ordering::Relaxed);
        answers
    }

    /// Somebody is answered.
    pub(super) fn hear(&self) {
        if self.listening.load(Ordering::Relaxed) {
            self.listening.store(false, Ordering::Relaxed);
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether others still use the connection of that number.
    pub(super) fn is_current(&self, number: u64) -> bool {
        self.alive().is_some_and(|current| current.number == number)
    }

    /// The connection of that number is of no use any more.
    pub(super) fn end(&self, number: u64) {
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

    /// Connects. Servers that do not speak RESP3 don't tell when a connection is closed.
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

pub(super) fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

#[cfg(test)]
pub(super) mod tests {
    use redis::parse_redis_value;

    use super::*;

    /// What a server refuses by this line.
    pub(in super::super) fn refused(line: &str) -> RedisError {
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
}
