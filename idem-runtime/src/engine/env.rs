//! An engine from the environment.

use super::{Builder, Idem};
use crate::error::Error;

impl Idem {
    /// An engine as the environment says: `IDEM_REDIS_URL`, `IDEM_DATABASE_URL`, `IDEM_PREFIX`,
    /// `IDEM_TOKEN_SECRET` (its bytes as they are, 32 at least), and `IDEM_DISABLED` (`1` or `true`:
    /// bodies run unguarded, with a warning, as [`Builder::disabled`] says).
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when no store is named and the engine is not disabled, or a variable can't
    /// be read; and as [`Builder::build`].
    ///
    /// ```no_run
    /// # async fn main_() -> Result<(), idem::Error> {
    /// idem::Idem::from_env().await?.install()?;
    /// # Ok(()) }
    /// ```
    pub async fn from_env() -> Result<Self, Error> {
        let builder = Builder::from_env()?;
        if !builder.is_complete() {
            return Err(Error::config(
                "the environment names no store: set IDEM_REDIS_URL or IDEM_DATABASE_URL, or \
                 IDEM_DISABLED=1 where bodies may run unguarded",
            ));
        }
        builder.build().await
    }
}

impl Builder {
    /// What the environment says, to go on from; as [`Idem::from_env`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when a variable can't be read.
    pub fn from_env() -> Result<Self, Error> {
        let mut builder = Self::new();
        if let Some(url) = variable("IDEM_REDIS_URL")? {
            builder = with_redis(builder, url)?;
        }
        if let Some(url) = variable("IDEM_DATABASE_URL")? {
            builder = with_database(builder, url)?;
        }
        if let Some(prefix) = variable("IDEM_PREFIX")? {
            builder = builder.prefix(prefix);
        }
        if let Some(secret) = variable("IDEM_TOKEN_SECRET")? {
            builder = builder.token_secret(secret);
        }
        match variable("IDEM_DISABLED")?.as_deref() {
            None | Some("0" | "false") => Ok(builder),
            Some("1" | "true") => Ok(builder.disabled()),
            Some(other) => Err(Error::config(format!(
                "IDEM_DISABLED is `{other}`: write `1` or `true`, `0` or `false`"
            ))),
        }
    }
}

#[cfg(feature = "redis")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn with_redis(builder: Builder, url: String) -> Result<Builder, Error> {
    Ok(builder.redis(url))
}

#[cfg(not(feature = "redis"))]
fn with_redis(_: Builder, _: String) -> Result<Builder, Error> {
    Err(Error::config("IDEM_REDIS_URL is set, and the feature `redis` is not"))
}

#[cfg(feature = "_sql")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn with_database(builder: Builder, url: String) -> Result<Builder, Error> {
    Ok(builder.database(url))
}

#[cfg(not(feature = "_sql"))]
fn with_database(_: Builder, _: String) -> Result<Builder, Error> {
    Err(Error::config(
        "IDEM_DATABASE_URL is set, and none of the features `postgres`, `mysql` and `sqlite` is",
    ))
}

fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::config(format!("{name} is no UTF-8"))),
    }
}
