//! One step on a server within a budget of time, over connections that may break.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use redis::{RedisError, RedisResult, RetryMethod, Value};
use tokio::time::{Instant, timeout_at};

use super::RedisOptions;
use super::connection::Connected;
use super::line::{Line, timed_out};
use super::probe::{Server, sends_away};
use crate::error::{Error, Source};
use crate::store::StoreError;

/// One server, to take steps on.
pub(super) struct Link(Arc<Line>);

/// What became of one send.
enum Sent {
    /// The server has answered, and would answer so again.
    Answered(RedisResult<Value>),
    /// The server has done nothing, and asking again may help.
    Refused(RedisError),
    /// There was no answer: what the server did is unknown.
    Lost(RedisError),
}

/// A step's time is enough for three sends: what a connection has lost by a third of it is sent again.
const SENDS: u32 = 3;

impl Link {
    /// # Errors
    ///
    /// [`Error::Config`] for a URL that is none.
    pub(super) fn new(url: &str, options: &RedisOptions) -> Result<Self, Error> {
        Ok(Self(Arc::new(Line::new(url, options)?)))
    }

    /// Connects, and says what the server is.
    pub(super) async fn open(&self) -> Result<Server, RedisError> {
        self.0.open().await
    }

    /// Takes one step. What the connection has lost is sent again, on a new one, for as long as the step
    /// has time: `step` must be one that can be repeated.
    pub(super) async fn step<F>(&self, step: impl Fn(Connected) -> F) -> Result<Value, StoreError>
    where
        F: Future<Output = RedisResult<Value>>,
    {
        let mut now = Instant::now();
        let deadline = now + self.0.timeout();
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
                Ok(connected) => match self.send(now, deadline, connected, &step).await {
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

    /// Sends a step once, and waits for its answer for as long as the connection answers anybody: what
    /// was sent first is answered first, so this answer is still to come, and to send again would only
    /// make a long queue longer.
    async fn send<F>(
        &self,
        sent: Instant,
        deadline: Instant,
        connected: Connected,
        step: &impl Fn(Connected) -> F,
    ) -> Sent
    where
        F: Future<Output = RedisResult<Value>>,
    {
        // After half of a send's time the answer is late; in the other half anybody's would do.
        let (number, pause) = (connected.number, self.0.timeout() / SENDS / 2);
        let (mut heard, mut until) = (None, sent + pause);
        let mut answering = pin!(step(connected));
        let answer = loop {
            if let Ok(answer) = timeout_at(until.min(deadline), answering.as_mut()).await {
                break answer;
            }
            // A silence that the step's own deadline has cut short says nothing of the connection.
            if until > deadline + pause / 2 {
                return Sent::Lost(timed_out());
            }
            let before = heard.replace(self.0.listen());
            if before == heard || !self.0.is_current(number) {
                self.0.end(number);
                return Sent::Lost(timed_out());
            }
            if until >= deadline {
                return Sent::Lost(timed_out());
            }
            until += pause;
        };
        if answer.as_ref().map_or_else(|error| error.code().is_some(), |_| true) {
            self.0.hear();
        }
        match answer {
            Ok(value) => Sent::Answered(Ok(value)),
            Err(error) if is_final(&error) => {
                // By another connection its name may lead to a server that stands alone.
                if sends_away(error.code()) {
                    self.0.end(number);
                }
                Sent::Answered(Err(error))
            }
            Err(error) if error.code().is_some() => {
                // A primary no more: as above, to the one that followed it.
                if error.code() == Some("READONLY") {
                    self.0.end(number);
                }
                Sent::Refused(error)
            }
            Err(error) => {
                self.0.end(number);
                Sent::Lost(error)
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

/// Whether asking again can't help: the server has answered, and will answer so again. One of a cluster
/// has sent the step to another, who may know more of the key: that is no outage for a body to run in.
fn is_final(error: &RedisError) -> bool {
    matches!(error.retry_method(), RetryMethod::NoRetry) || sends_away(error.code())
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::refused;
    use super::*;

    #[test]
    fn what_a_server_would_answer_again_is_final() {
        assert!(is_final(&refused("ERR syntax error")));
        assert!(is_final(&refused("WRONGTYPE Operation against a key")));
        assert!(is_final(&refused("MOVED 3999 127.0.0.1:6381")));
        assert!(is_final(&refused("ASK 3999 127.0.0.1:6381")));
        assert!(is_final(&refused("CLUSTERDOWN Hash slot not served")));
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
