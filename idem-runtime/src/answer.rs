//! What a call that does not run its body says to its caller: a stored result, or why there is none.

use std::time::Duration;

use crate::asker::unix_millis;
use crate::decide::{Asker, Decision, not_compared};
use crate::error::Error;
use crate::key::{Fingerprint, Key};
use crate::observe;
use crate::outcome::Outcome;
use crate::record::Record;
use crate::returns::Returns;

/// The value that a call returns, how it came about, and the code of the error that it carries, if it
/// does.
pub(crate) type Answer<R> = (R, Outcome, Option<&'static str>);

/// What a duplicate is told of a record that is settled, or can't be read.
pub(crate) fn answered(
    decision: Decision,
    asker: &Asker,
    record: Record,
    key: &Key,
    waited: bool,
) -> Result<StoredResult, Error> {
    let unreadable = |reason: String| Error::Unreadable { key: key.to_string(), reason };
    let failure = match decision {
        Decision::ReplaySuccess => false,
        Decision::ReplayFailure => true,
        Decision::Mismatch => return Err(Error::Mismatch { key: key.to_string() }),
        Decision::Duplicate => return Err(Error::Duplicate { key: key.to_string() }),
        Decision::Exhausted { limit } => {
            return Err(Error::Exhausted { key: key.to_string(), limit });
        }
        Decision::NotStored => return Err(Error::ResultNotStored { key: key.to_string() }),
        Decision::OtherCodec => return Err(unreadable("another codec wrote its result".into())),
        Decision::Unreadable(flaw) => return Err(unreadable(flaw.to_string())),
        // Never decided of a settled record; and if it were, asking again is right.
        Decision::Renew | Decision::TakeOver | Decision::InFlight => {
            return Err(in_flight(key, record.lease()));
        }
    };
    Ok(StoredResult { record, failure, waited, compare: asker.fingerprint })
}

/// A stored result, which is to be the answer.
pub(crate) struct StoredResult {
    record: Record,
    failure: bool,
    waited: bool,
    compare: Option<Fingerprint>,
}

impl StoredResult {
    pub(crate) fn answer<R>(self, key: &Key, returns: Returns<R>) -> Answer<R> {
        let header = match self.record.header() {
            Ok(header) => header,
            Err(flaw) => return unreadable(key, returns, &flaw.to_string()),
        };
        if not_compared(header.fingerprint, self.compare) {
            observe::not_compared(key.operation());
        }
        let form = if self.failure { &returns.failure } else { &returns.success };
        let Some(form) = form else {
            return unreadable(
                key,
                returns,
                "its failure is stored, and this function stores none",
            );
        };
        match (form.decode)(self.record.body()) {
            Ok(value) if self.waited => (value, Outcome::Waited, None),
            Ok(value) => {
                let age = Duration::from_millis(unix_millis().saturating_sub(header.started));
                (value, Outcome::Replayed { age }, None)
            }
            Err(error) => {
                let reason = format!("its result does not decode: {error}");
                unreadable(key, returns, &reason)
            }
        }
    }
}

fn unreadable<R>(key: &Key, returns: Returns<R>, reason: &str) -> Answer<R> {
    refuse(Error::Unreadable { key: key.to_string(), reason: reason.to_owned() }, returns)
}

/// Answers with an error.
pub(crate) fn refuse<R>(error: Error, returns: Returns<R>) -> Answer<R> {
    let code = error.code();
    ((returns.refuse)(error), Outcome::Refused, Some(code))
}

/// The error of a call whose key is another's, live for `left`.
pub(crate) fn in_flight(key: &Key, left: Duration) -> Error {
    // Rounded up to what a timer can wait: asking at the very end of the lease is asking too early.
    let retry_after = left.max(Duration::from_millis(1));
    Error::InFlight { key: key.to_string(), retry_after }
}
