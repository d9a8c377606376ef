//! An engine behind a proxy, and one that reaches the server directly: for what is lost or late.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idem::{Entry, Error, Idem, Key, Outcome};
use kit::proxy::Proxy;

use crate::spoken::{PATIENT, Spoken, assert_replays, unique};

pub(crate) struct Scene {
    pub(crate) proxy: Proxy,
    /// Behind the proxy.
    pub(crate) idem: Idem,
    pub(crate) direct: Idem,
    pub(crate) key: String,
    pub(crate) runs: AtomicUsize,
}

impl Scene {
    /// The engine behind the proxy has `timeout` for a step.
    pub(crate) async fn on(spoken: Spoken, timeout: Duration) -> Self {
        let server = spoken.shared();
        let proxy = Proxy::start(server.address()).await;
        let url = server.url_by_way_of(proxy.address());
        Self {
            idem: spoken.warm_engine(&url, timeout).await,
            direct: spoken.engine(&server.url(), PATIENT).await,
            proxy,
            key: unique(),
            runs: AtomicUsize::new(0),
        }
    }

    pub(crate) fn key(&self) -> Key {
        let key = &self.key;
        idem::key!("op:{key}")
    }

    /// What stands under the key.
    pub(crate) async fn entry(&self) -> Entry {
        self.direct.get(&self.key()).await.unwrap().unwrap()
    }

    /// The call has run its body, as the only one, and duplicates get its result.
    pub(crate) async fn assert_ran(
        &self,
        answer: Result<usize, Error>,
        outcome: Outcome,
        number: u32,
    ) {
        assert_eq!(answer.unwrap(), 1);
        let ran =
            matches!(outcome, Outcome::Ran { attempt, stored: true, .. } if attempt == number);
        assert!(ran, "{outcome:?}");
        assert_eq!(self.runs.load(Ordering::Relaxed), 1);
        assert_replays(&self.direct, &self.key, 1).await;
        assert_replays(&self.idem, &self.key, 1).await;
    }
}
