//! An engine's database: its table, and what has expired in it.

use std::time::Duration;

use tokio::sync::watch;

use super::Idem;
use crate::error::Error;
use crate::observe::Discreet;
use crate::store::sql::Database;
use crate::store::sql::inside::Joinable;

#[cfg_attr(docsrs, doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))))]
impl Idem {
    /// Makes the table of records in the engine's database, or brings it up to this version of the
    /// library. Safe to run from many processes at once, at each start.
    ///
    /// # Errors
    ///
    /// [`Error::Outage`] when the database refuses or does not answer, [`Error::Config`] without
    /// one.
    ///
    /// ```no_run
    /// # async fn main_(pool: sqlx::PgPool) -> Result<(), idem::Error> {
    /// let idem = idem::Idem::builder().postgres(pool).build().await?;
    /// idem.migrate().await?;
    /// # Ok(()) }
    /// ```
    pub async fn migrate(&self) -> Result<(), Error> {
        match self.database() {
            Err(_) if self.is_disabled() => Ok(()),
            database => database?.migrate().await,
        }
    }

    /// An engine that needs no server: `setnx` in this process, `db` in an SQLite file in this
    /// folder, which is made if it is not there. What has completed is remembered when the program
    /// runs again.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the folder can't be made, [`Error::Outage`] when the file can't be
    /// written.
    ///
    /// ```
    /// # use idem::{Idem, Plan};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let folder = std::env::temp_dir().join(format!("idem-doc-{}", std::process::id()));
    /// let idem = Idem::embedded(&folder).await?;
    /// let order = 7;
    /// let body = async { Ok::<_, idem::Error>(42) };
    /// assert_eq!(idem.call(&Plan::db(), idem::key!("ship:{order}"), body).await?, 42);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    #[cfg(feature = "sqlite")]
    pub async fn embedded(folder: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder)
            .map_err(|error| Error::config(format!("the folder {}: {error}", folder.display())))?;
        let builder = Self::builder().memory().file(folder.join("idem.sqlite"));
        // A disk that syncs may take its time.
        let idem = builder.timeout(Duration::from_secs(5)).build().await?;
        idem.migrate().await?;
        Ok(idem)
    }

    /// What [`migrate`](Idem::migrate) does, as SQL for people who run it themselves. It may be run
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] without a database.
    ///
    /// ```no_run
    /// # fn print(idem: &idem::Idem) -> Result<(), Box<dyn std::error::Error>> {
    /// std::fs::write("migrations/0007_idem.sql", idem.migrations()?)?;
    /// # Ok(()) }
    /// ```
    pub fn migrations(&self) -> Result<String, Error> {
        Ok(self.database()?.migrations())
    }

    /// Deletes what has expired in the engine's database, in bounded batches, and returns how many
    /// records that were. What has expired counts as absent anyhow: only the table's size depends on
    /// it. The engine does the same by itself, as [`Builder::sweep_every`] says.
    ///
    /// Safe from many processes at once; a live claim is never touched.
    ///
    /// # Errors
    ///
    /// [`Error::Outage`] when the database does not answer, [`Error::Config`] without one.
    ///
    /// ```no_run
    /// # async fn nightly(idem: &idem::Idem) -> Result<(), idem::Error> {
    /// println!("{} records had expired", idem.sweep().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// [`Builder::sweep_every`]: crate::Builder::sweep_every
    pub async fn sweep(&self) -> Result<u64, Error> {
        self.database()?.sweep().await
    }

    /// The records that a transaction of this kind of database can see.
    pub(crate) fn records<DB: Joinable>(&self) -> Result<&DB::Records, Error> {
        DB::records(self.database()?).ok_or_else(|| {
            Error::config(format!(
                "the caller's transaction is of another database than this engine's: write `{}` on \
                 the builder",
                DB::BUILD
            ))
        })
    }

    pub(crate) fn database(&self) -> Result<&Database, Error> {
        self.0.database.as_ref().ok_or_else(|| Error::config(super::place::NO_DATABASE))
    }
}

/// Sweeps in the background until it is stopped, or dropped with its engine.
#[derive(Debug)]
pub(super) struct Sweeper {
    stop: watch::Sender<bool>,
}

impl Sweeper {
    pub(super) fn start(database: Database, every: Duration) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => return,
                    () = tokio::time::sleep(jittered(every)) => {}
                }
                let swept = tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => return,
                    swept = database.sweep() => swept,
                };
                match swept {
                    Ok(0) => {}
                    Ok(records) => tracing::debug!(records, "swept what has expired"),
                    Err(error) => {
                        let error = Discreet::of(&error);
                        tracing::warn!(%error, "what has expired could not be swept");
                    }
                }
            }
        });
        Self { stop }
    }

    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Jittered: processes that start together don't sweep together.
fn jittered(every: Duration) -> Duration {
    /// What nobody waits for, and a factor can't take past what there is.
    const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);
    every.min(LONGEST).mul_f64(rand::random_range(0.5..1.5))
}

impl super::settings::Settings {
    /// The sweeper of an engine of these settings.
    pub(super) fn sweeper(&self) -> Option<Sweeper> {
        let database = self.database.as_ref().filter(|_| !self.sweep_every.is_zero())?;
        Some(Sweeper::start(database.clone(), self.sweep_every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_without_an_end_is_one() {
        for _ in 0..100 {
            assert!(jittered(Duration::MAX) > Duration::from_hours(24));
        }
    }
}
