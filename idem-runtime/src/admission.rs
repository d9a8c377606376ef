//! Whether a call may ask a store, found out without one: its key, its plan and its token are sound.

use crate::engine::Idem;
use crate::error::Error;
use crate::key::Key;
use crate::plan::Plan;
use crate::store::Name;

/// Whether a call is admitted, and with what. A call that is refused has a name all the same: its span
/// tells the hash of it.
pub(crate) struct Admission {
    /// The plan, with a retention that outlives the call's token.
    pub(crate) plan: Plan,
    /// What is claimed: the key, or the one use of a token under it.
    pub(crate) name: Name,
    pub(crate) verdict: Result<(), Error>,
}

impl Admission {
    pub(crate) fn of(idem: &Idem, plan: Plan, key: &Key) -> Self {
        judge(idem, plan, key).unwrap_or_else(|error| Self {
            plan,
            name: idem.name(key),
            verdict: Err(error),
        })
    }
}

fn judge(idem: &Idem, plan: Plan, key: &Key) -> Result<Admission, Error> {
    key.check()?;
    let fault = plan.fault().or_else(|| plan.fault_alone()).or_else(|| plan.fault_of(key));
    if let Some(fault) = fault {
        return Err(Error::config(fault));
    }
    let (plan, name) = match key.its_token() {
        None => (plan, idem.name(key)),
        Some(token) => {
            let token = idem.verify_token(token, key)?;
            (plan.kept_for(token.retention), idem.name_of_use(key, &token))
        }
    };
    Ok(Admission { plan, name, verdict: Ok(()) })
}
