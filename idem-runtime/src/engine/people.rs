//! Looking at records, and changing them by hand.

use std::time::Duration;

use super::Idem;
use crate::codec::Codec as _;
use crate::error::Error;
use crate::key::Key;
use crate::record::{Content, Header, Owner, Record, State, codec_name};
use crate::store::{Change, Found, Lease, Name, Settled, Shelf};

/// What stands under a key, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Where the attempt is; `None` for a record that can't be read.
    pub state: Option<State>,
    /// The attempt's fence: what [`release`](Idem::release), [`complete`](Idem::complete) and
    /// [`purge`](Idem::purge) ask for.
    pub fence: u64,
    /// How many attempts were made on the key.
    pub attempts: u32,
    /// How many attempts of its window are spent; `None` where none are counted.
    pub spent: Option<u32>,
    /// Who made this one.
    pub holder: String,
    /// What is left of its lease; `None` when it has lapsed, or when nothing runs.
    pub lease_left: Option<Duration>,
}

impl Idem {
    /// What stands under a key; `None` when nothing does. A token's use stands under the key that
    /// brings it, [`key.token(&token)`](Key::token), also when the token has expired.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`], [`Error::InvalidToken`], [`Error::Outage`], and [`Error::Config`]
    /// without a store.
    ///
    /// ```
    /// # use idem::{Idem, Plan};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let idem = Idem::in_memory();
    /// let order = 7;
    /// assert!(idem.get(&idem::key!("ship:{order}")).await?.is_none());
    /// # Ok::<(), idem::Error>(()) }).unwrap();
    /// ```
    pub async fn get(&self, key: &Key) -> Result<Option<Entry>, Error> {
        Ok(self.find(key).await?.map(|(_, _, found)| Entry {
            state: found.record.state(),
            fence: found.record.fence(),
            attempts: found.record.attempts(),
            spent: found.record.spent(),
            holder: found.record.holder().to_owned(),
            lease_left: match found.lease {
                Lease::Live(left) if found.record.state() == Some(State::Running) => Some(left),
                _ => None,
            },
        }))
    }

    /// Frees a key whose attempt is known to have done nothing, before its lease lapses. A counted
    /// attempt is given back.
    ///
    /// [`Settled::Lost`] when the key is not running under that fence (any more).
    ///
    /// # Errors
    ///
    /// As [`get`](Idem::get).
    ///
    /// ```no_run
    /// # async fn reconcile(idem: &idem::Idem, order: u32) -> Result<(), idem::Error> {
    /// let key = idem::key!("charge:{order}");
    /// if let Some(entry) = idem.get(&key).await? {
    ///     // The provider says that nothing was charged: the next call may run at once.
    ///     let settled = idem.release(&key, entry.fence).await?;
    ///     println!("{order}: {settled:?}"); // `Lost` where another attempt has begun, or this one has ended
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn release(&self, key: &Key, fence: u64) -> Result<Settled, Error> {
        let Some((store, name, running)) = self.running(key, fence).await? else {
            return Ok(Settled::Lost);
        };
        Ok(store.settle(&name, &running, Change::Release(&running.freed())).await?)
    }

    /// Completes a key whose attempt is known to have succeeded, with its result: an outcome
    /// reconciled by hand. Duplicates then get it, through [`Json`](crate::Json).
    ///
    /// [`Settled::Lost`] when the key is not running under that fence (any more).
    ///
    /// # Errors
    ///
    /// As [`get`](Idem::get), and [`Error::Config`] for a result that will not encode.
    ///
    /// ```no_run
    /// # async fn reconcile(idem: &idem::Idem, order: u32) -> Result<(), idem::Error> {
    /// let key = idem::key!("charge:{order}");
    /// if let Some(entry) = idem.get(&key).await? {
    ///     // The provider says that it was charged: duplicates get the receipt.
    ///     let settled = idem.complete(&key, entry.fence, &"receipt 7".to_owned()).await?;
    ///     println!("{order}: {settled:?}");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn complete<T>(&self, key: &Key, fence: u64, result: &T) -> Result<Settled, Error>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let Some((store, name, running)) = self.running(key, fence).await? else {
            return Ok(Settled::Lost);
        };
        let header = Header {
            // Another's than the attempt's: if that completes after all, it has lost.
            owner: Owner::new(),
            codec: codec_name(Some(<crate::Json as crate::Codec<T>>::NAME)),
            ..running.next(State::Completed, Content::Success)
        };
        let completed =
            Record::with_body(header, running.holder(), |out| crate::Json::encode(result, out))
                .map_err(|error| Error::config(format!("the result does not encode: {error}")))?;
        Ok(store.settle(&name, &running, Change::Complete(&completed)).await?)
    }

    /// Forgets a key: the next call runs, with fences, and with what is counted, from the start. A
    /// token whose use is forgotten can be used again until it expires.
    ///
    /// [`Settled::Lost`] when what stands there has another fence.
    ///
    /// # Errors
    ///
    /// As [`get`](Idem::get).
    ///
    /// ```no_run
    /// # async fn forget(idem: &idem::Idem, order: u32) -> Result<(), idem::Error> {
    /// let key = idem::key!("charge:{order}");
    /// if let Some(entry) = idem.get(&key).await? {
    ///     // The order was deleted, and its number is given out again.
    ///     let settled = idem.purge(&key, entry.fence).await?;
    ///     println!("{order}: {settled:?}");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn purge(&self, key: &Key, fence: u64) -> Result<Settled, Error> {
        match self.find(key).await? {
            Some((store, name, found)) if found.record.fence() == fence => {
                Ok(store.settle(&name, &found.record, Change::Purge).await?)
            }
            _ => Ok(Settled::Lost),
        }
    }

    /// What stands under the key, in which store, and by what name. A key does not tell its strategy, so
    /// all stores are asked.
    async fn find(&self, key: &Key) -> Result<Option<(&Shelf, Name, Found)>, Error> {
        key.check()?;
        let name = self.name_for_people(key)?;
        for store in self.shelves() {
            if let Some(found) = store.get(&name).await? {
                return Ok(Some((store, name, found)));
            }
        }
        match self.shelves().next() {
            Some(_) => Ok(None),
            None => Err(Error::config("this engine has no store")),
        }
    }

    /// The running record of this fence, in which store it is, and by what name.
    async fn running(
        &self,
        key: &Key,
        fence: u64,
    ) -> Result<Option<(&Shelf, Name, Record)>, Error> {
        let found = self.find(key).await?.map(|(store, name, found)| (store, name, found.record));
        Ok(found.filter(|(_, _, it)| it.state() == Some(State::Running) && it.fence() == fence))
    }
}
