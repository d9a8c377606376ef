//! What becomes of a key after the body: the record that takes the running one's place.

use crate::engine::Idem;
use crate::error::Source;
use crate::flight::Flight;
use crate::observe;
use crate::plan::{OnDuplicate, OnErr, Plan};
use crate::record::{Content, Header, Record, State, codec_name};
use crate::returns::Returns;
use crate::store::Change;

/// What becomes of a key.
#[derive(Debug, Clone)]
pub(crate) enum Settlement {
    Complete(Record),
    Release(Record),
}

impl Settlement {
    pub(crate) fn change(&self) -> Change<'_> {
        match self {
            Self::Complete(record) => Change::Complete(record),
            Self::Release(record) => Change::Release(record),
        }
    }
}

/// An attempt whose body has ended.
pub(crate) struct Ended<'a> {
    pub(crate) idem: &'a Idem,
    pub(crate) flight: &'a Flight,
    /// Its running record.
    pub(crate) record: &'a Record,
}

impl Ended<'_> {
    /// What becomes of the key; `None` holds the claim.
    pub(crate) fn settlement<R>(
        &self,
        value: &R,
        plan: &Plan,
        returns: &Returns<R>,
    ) -> Option<Settlement> {
        match returns.verdict(value, plan.on_err) {
            // It may have had its effect: a counted attempt is given back for an `Err` alone.
            None if self.flight.is_not_stored() && self.record.spent().is_some() => None,
            None => Some(self.succeeded(value, plan, returns)),
            Some(OnErr::Release) => Some(self.release()),
            Some(OnErr::Hold) => None,
            Some(OnErr::Store) => {
                let Some(form) = &returns.failure else {
                    observe::held(&self.flight.name, &"its type is not stored");
                    return None;
                };
                let encode = |out: &mut Vec<u8>| (form.encode)(value, out);
                let written = self.complete(Content::Failure, returns.codec, encode);
                written.inspect_err(|error| observe::held(&self.flight.name, error)).ok()
            }
        }
    }

    /// What becomes of the key when the value is a success.
    pub(crate) fn succeeded<R>(&self, value: &R, plan: &Plan, returns: &Returns<R>) -> Settlement {
        if self.flight.is_not_stored() {
            return self.release();
        }
        let replays = plan.on_duplicate == OnDuplicate::Replay;
        let Some(form) = returns.success.as_ref().filter(|_| replays) else {
            return self.complete_without(Content::Nothing);
        };
        let encode = |out: &mut Vec<u8>| (form.encode)(value, out);
        let written = self.complete(Content::Success, returns.codec, encode);
        written.unwrap_or_else(|error| {
            observe::not_stored(&self.flight.name, &error);
            self.complete_without(Content::NotStored)
        })
    }

    fn release(&self) -> Settlement {
        Settlement::Release(self.record.freed())
    }

    /// The record that completes the attempt with a result.
    fn complete(
        &self,
        content: Content,
        codec: Option<&'static str>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Source>,
    ) -> Result<Settlement, Source> {
        let header =
            Header { codec: codec_name(codec), ..self.record.next(State::Completed, content) };
        let record = Record::with_body(header, self.idem.holder(), encode)?;
        let (length, limit) = (record.body().len(), self.idem.max_result());
        if length > limit {
            return Err(
                format!("{length} bytes are over the engine's `max_result` of {limit}").into()
            );
        }
        Ok(Settlement::Complete(record))
    }

    /// The record that completes the attempt without a result.
    fn complete_without(&self, content: Content) -> Settlement {
        let header = self.record.next(State::Completed, content);
        Settlement::Complete(Record::of(header, self.idem.holder()))
    }
}
