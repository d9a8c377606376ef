//! Records by number: a state of a model holds a number, the library is asked about the record.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use idem::store::Record;

/// The number of a record. Equal records have one number, for as long as the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u16);

#[derive(Default)]
struct Records {
    by_id: Vec<Record>,
    by_bytes: HashMap<Vec<u8>, Id>,
}

static RECORDS: LazyLock<RwLock<Records>> = LazyLock::new(RwLock::default);

impl Id {
    /// The number of this record.
    ///
    /// # Panics
    ///
    /// When there are 65536 others.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let known = RECORDS.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.by_bytes.get(record.as_bytes()) {
            return *id;
        }
        drop(known);
        let mut records = RECORDS.write().unwrap_or_else(PoisonError::into_inner);
        let next = Self(u16::try_from(records.by_id.len()).expect("a model has few records"));
        let id = *records.by_bytes.entry(record.as_bytes().to_vec()).or_insert(next);
        if id == next {
            records.by_id.push(record.clone());
        }
        id
    }

    /// The record of this number.
    #[must_use]
    pub fn record(self) -> Record {
        let records = RECORDS.read().unwrap_or_else(PoisonError::into_inner);
        records.by_id[usize::from(self.0)].clone()
    }
}
