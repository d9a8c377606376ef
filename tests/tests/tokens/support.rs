//! What the modules share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Error, Idem, InvalidToken, Key, Plan, Token};
use kit::place::Place;

pub(crate) const SECRET: [u8; 32] = *b"a secret of two hundred 56 bits.";

/// How long a token lives here, unless its life is the subject.
pub(crate) const LIFE: Duration = Duration::from_mins(15);

/// How long a test waits for what happens at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// An engine that needs no server.
pub(crate) async fn in_memory() -> Idem {
    Idem::builder().memory().token_secret(SECRET).build().await.unwrap()
}

/// Where the uses of a test are recorded, and by which plan.
pub(crate) struct Uses {
    pub(crate) place: Place,
    pub(crate) plan: Plan,
}

impl Uses {
    pub(crate) fn memory() -> Self {
        Self { place: Place::memory(), plan: Plan::token() }
    }

    pub(crate) fn redis() -> Self {
        Self { place: Place::redis(), plan: Plan::token() }
    }

    pub(crate) fn valkey() -> Self {
        Self { place: Place::valkey(), plan: Plan::token() }
    }

    pub(crate) fn postgres() -> Self {
        Self { place: Place::postgres(), plan: Plan::token_in_db() }
    }

    pub(crate) fn mariadb() -> Self {
        Self { place: Place::mariadb(), plan: Plan::token_in_db() }
    }

    pub(crate) fn sqlite() -> Self {
        Self { place: Place::sqlite(), plan: Plan::token_in_db() }
    }

    /// An engine with connections of its own: as another process would have.
    pub(crate) async fn engine(&self) -> Idem {
        self.place.builder().await.token_secret(SECRET).build().await.unwrap()
    }
}

pub(crate) fn pay(user: u64) -> Key {
    idem::key!("pay:{user}")
}

/// A call of `pay` by this token, whose body counts itself and answers with its number.
pub(crate) async fn call(
    idem: &Idem,
    plan: &Plan,
    (user, token): (u64, &Token),
    runs: &AtomicUsize,
) -> Result<usize, Error> {
    let body = async { Ok(runs.fetch_add(1, Ordering::SeqCst) + 1) };
    idem.call(plan, pay(user).token(token), body).await
}

/// Why a call of `pay:1` by this token is refused, if it is; its body is then not run.
pub(crate) async fn refusal(idem: &Idem, token: &Token) -> Option<InvalidToken> {
    let runs = AtomicUsize::new(0);
    match call(idem, &Plan::token(), (1, token), &runs).await {
        Ok(_) => None,
        Err(Error::InvalidToken { reason, .. }) => {
            assert_eq!(runs.into_inner(), 0, "a refused token runs nothing");
            Some(reason)
        }
        Err(error) => panic!("{error:?}"),
    }
}
