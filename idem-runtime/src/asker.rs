//! Making the [`Asker`] of a call, and the record that it claims with.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::decide::Asker;
use crate::engine::Idem;
use crate::key::Key;
use crate::plan::{OnDuplicate, Plan};
use crate::record::{Owner, Record, Start, codec_name};

impl Asker {
    /// The asker of a new attempt.
    pub(crate) fn new(plan: Plan, key: &Key, codec: Option<&'static str>) -> Self {
        Self {
            owner: Owner::new(),
            fingerprint: key.its_fingerprint(),
            rejects: plan.on_duplicate == OnDuplicate::Reject,
            codec: codec_name(codec),
            limit: plan.counts_to(),
        }
    }

    /// The running record of its attempt, `over` the one that was judged.
    pub(crate) fn running(&self, idem: &Idem, plan: Plan, over: Option<&Record>) -> Record {
        Record::running(&self.start(plan, idem.holder(), unix_millis()), over)
    }

    /// What the running record of its attempt is made of.
    pub(crate) fn start<'a>(&self, plan: Plan, holder: &'a str, started: u64) -> Start<'a> {
        Start {
            owner: self.owner,
            lease: plan.lease_or_default(),
            retention: plan.ttl,
            fingerprint: self.fingerprint,
            holder,
            started,
            counts: self.limit.is_some(),
        }
    }
}

/// Milliseconds since 1970 by this machine's clock, for people to read.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::unix_millis;

    /// What a person sees of a claim is when it was made.
    #[test]
    fn a_start_is_told_in_milliseconds_since_1970() {
        let year = 365 * 86_400_000;
        assert!((50 * year..200 * year).contains(&unix_millis()), "{}", unix_millis());
    }
}
