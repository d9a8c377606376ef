//! A connection that comes back, and one step on it within a budget of time.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, IntoConnectionInfo, ProtocolVersion, PushInfo,
    PushKind, RedisError, RedisResult, RetryMethod, Value,
};
use tokio::time::{Instant, timeout_at};

use super::probe::{Dialect, Server, probe};
use crate::error::Error;
use crate::store::StoreError;

/// One server, and the connection to it as long as there is one.
pub(super) struct Link {
    client: Client,
    /// For servers that do not speak RESP3.
    old: Client,
    timeout: Duration,
    /// Where the probe looks: a name that no key has.
    probe: String,
    /// No better dialect is spoken than this one.
    at_most: Dialect,
    now: RwLock<Option<Connected>>,
    connecting: tokio::sync::Mutex<Option<Failed>>,
}

/// A connection, and what its server can do.
#[derive(Clone)]
pub(super) struct Connected {
    connection: MultiplexedConnection,
    alive: Arc<AtomicBool>,
    pub(super) dialect: Dialect,
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
/// How many bytes are gathered for one write: a command with a record in it has some 300.
const WRITE: usize = 64 * 1024;
/// One send has a third of the step's time: the answer may be lost, and the step is sent again.
const SENDS: u32 = 3;

impl Connected {
    pub(super) async fn query(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.connection.send_packed_command(command).await?.extract_error()
    }
}

impl Link {
    /// # Errors
    ///
    /// [`Error::Config`] for a URL that is none.
    pub(super) fn new(url: &str, timeout: Duration, at_most: Dialect) -> Result<Self, Error> {
        let invalid = |error: RedisError| Error::config(format!("the Redis URL: {error}"));
        let info = url.into_connection_info().map_err(invalid)?;
        // RESP3 tells when a connection is closed, before a command is lost on it.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self {
            client: Client::open(info.clone().set_redis_settings(settings)).map_err(invalid)?,
            old: Client::open(info).map_err(invalid)?,
            timeout,
            probe: "idem:#probe".to_owned(),
            at_most,
            now: RwLock::new(None),
            connecting: tokio::sync::Mutex::new(None),
        })
    }

    /// Connects, and says what the server is.
    pub(super) async fn open(&self) -> Result<Server, RedisError> {
        let deadline = Instant::now() + self.timeout;
        match timeout_at(deadline, self.dial()).await {
            Ok(opened) => opened.map(|(connected, server)| {
                self.keep(connected);
                server
            }),
            Err(_) => Err(timed_out()),
        }
    }

    /// Takes one step. A send that got no answer is sent again, on a new connection, for as long as
    /// the step has time: `step` must be one that can be repeated.
    pub(super) async fn step<F>(&self, step: impl Fn(Connected) -> F) -> Result<Value, StoreError>
    where
        F: Future<Output = RedisResult<Value>>,
    {
        let deadline = Instant::now() + self.timeout;
        let mut reached = false;
        let mut pause = Duration::from_millis(5);
        loop {
            let connected = match self.alive() {
                Some(connected) => Ok(Ok(connected)),
                None => timeout_at(deadline, self.connected()).await,
            };
            let error = match connected {
                Err(_) => timed_out(),
                Ok(Err(error)) if is_final(&error) => return Err(failed(error, reached)),
                Ok(Err(error)) => error,
                Ok(Ok(connected)) => {
                    let alive = Arc::clone(&connected.alive);
                    let soon = deadline.min(Instant::now() + self.timeout / SENDS);
                    match timeout_at(soon, step(connected)).await {
                        Ok(Ok(value)) => return Ok(value),
                        Ok(Err(error)) if is_final(&error) => return Err(failed(error, true)),
                        Ok(Err(error)) if !error.is_unrecoverable_error() => error,
                        unanswered => {
                            alive.store(false, Ordering::Relaxed);
                            reached = true;
                            unanswered.map_or_else(
                                |_| timed_out(),
                                |answer| answer.err().unwrap_or_else(timed_out),
                            )
                        }
                    }
                }
            };
            if Instant::now() + pause >= deadline {
                return Err(failed(error, reached));
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn connected(&self) -> RedisResult<Connected> {
        if let Some(connected) = self.alive() {
            return Ok(connected);
        }
        let mut failed = self.connecting.lock().await;
        if let Some(connected) = self.alive() {
            return Ok(connected);
        }
        if let Some(failed) = failed.as_ref().filter(|failed| failed.at.elapsed() < FAILED_FOR) {
            return Err(failed.error.clone());
        }
        // Boxed: it is large and rare.
        match Box::pin(self.dial()).await {
            Ok((connected, server)) => {
                if server.is_replica {
                    tracing::warn!("reconnected to a replica: it refuses every claim");
                }
                *failed = None;
                self.keep(connected.clone());
                Ok(connected)
            }
            Err(error) => {
                *failed = Some(Failed { at: Instant::now(), error: error.clone() });
                Err(error)
            }
        }
    }

    fn alive(&self) -> Option<Connected> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.as_ref().filter(|connected| connected.alive.load(Ordering::Relaxed)).cloned()
    }

    fn keep(&self, connected: Connected) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Some(connected);
    }

    async fn dial(&self) -> RedisResult<(Connected, Server)> {
        let (connection, alive) = self.connect().await?;
        let mut connected = Connected { connection, alive, dialect: Dialect::Scripts };
        let server = probe(&mut connected, &self.probe).await?;
        connected.dialect = server.dialect.min(self.at_most);
        Ok((connected, server))
    }

    async fn connect(&self) -> RedisResult<(MultiplexedConnection, Arc<AtomicBool>)> {
        let alive = Arc::new(AtomicBool::new(true));
        let ends = Arc::clone(&alive);
        // Each step has a time of its own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE)
            .set_write_backpressure_boundary(WRITE);
        let told = config.clone().set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                ends.store(false, Ordering::Relaxed);
            }
            Ok::<_, SendError>(())
        });
        let connection = match self.client.get_multiplexed_async_connection_with_config(&told).await
        {
            Err(error) if error.kind() == ErrorKind::RESP3NotSupported => {
                self.old.get_multiplexed_async_connection_with_config(&config).await?
            }
            connection => connection?,
        };
        Ok((connection, alive))
    }
}

fn failed(error: RedisError, reached: bool) -> StoreError {
    if reached { StoreError::unknown(error) } else { StoreError::unreached(error) }
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Whether asking again can't help: the server has answered, and will answer so again.
fn is_final(error: &RedisError) -> bool {
    matches!(error.retry_method(), RetryMethod::NoRetry)
}
