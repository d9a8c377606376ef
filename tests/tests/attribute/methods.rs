//! Methods: inherent, of a trait, and under `#[async_trait]`.

use std::sync::Arc;

use idem::{Error, Idem, idempotent};

use crate::support::Runs;

#[derive(Debug, Default)]
struct Service {
    tenant: &'static str,
    runs: Runs,
}

impl Service {
    fn of(tenant: &'static str) -> Arc<Self> {
        Arc::new(Self { tenant, ..Self::default() })
    }

    #[idempotent(key = "by_ref:{self.tenant}:{id}", strategy = "setnx")]
    async fn by_ref(&self, id: u64) -> Result<usize, Error> {
        Ok(self.runs.next())
    }

    #[idempotent(key = "by_mut:{self.tenant}", strategy = "setnx", fingerprint(self.tenant.len()))]
    async fn by_mut(&mut self) -> Result<usize, Error> {
        self.tenant = "changed";
        Ok(self.runs.next())
    }

    #[idempotent(key = "by_arc:{self.tenant}:{id}", strategy = "setnx")]
    async fn by_arc(self: Arc<Self>, id: u64) -> Result<usize, Error> {
        Ok(self.runs.next())
    }

    #[idempotent(key = "by_value:{self.tenant}", strategy = "setnx")]
    async fn by_value(mut self) -> Result<usize, Error> {
        self.tenant = "changed";
        let moved = self;
        Ok(moved.runs.next() + usize::from(moved.tenant != "changed"))
    }
}

/// C117
#[tokio::test]
async fn a_method_runs_once_for_each_self_that_its_key_tells_apart() {
    for place in crate::every_store() {
        let idem = place.engine().await;
        let (one, other) = (Service::of("one"), Service::of("other"));
        for _ in 0..2 {
            assert_eq!(idem.scope(one.by_ref(1)).await.unwrap(), 1);
            assert_eq!(idem.scope(other.by_ref(1)).await.unwrap(), 1);
            assert_eq!(idem.scope(Arc::clone(&one).by_arc(1)).await.unwrap(), 2);
        }
        assert_eq!((one.runs.count(), other.runs.count()), (2, 1));
    }
}

#[tokio::test]
async fn self_may_be_changed_and_used_up() {
    let idem = Idem::in_memory();
    let mut service = Service { tenant: "a", ..Service::default() };
    for tenant in ["changed", "a"] {
        service.tenant = "a";
        assert_eq!(idem.scope(service.by_mut()).await.unwrap(), 1);
        assert_eq!(service.tenant, tenant);
        let service = Service { tenant: "a", ..Service::default() };
        assert_eq!(idem.scope(service.by_value()).await.unwrap(), 1);
    }
}

trait Ship {
    async fn ship(&self, id: u64) -> Result<usize, Error>;

    fn runs(&self) -> &Runs;

    #[idempotent(key = "by_default:{id}", strategy = "setnx")]
    async fn by_default(&self, id: u64) -> Result<usize, Error> {
        Ok(self.runs().next())
    }
}

impl Ship for Service {
    #[idempotent(key = "ship:{self.tenant}:{id}", strategy = "setnx")]
    async fn ship(&self, id: u64) -> Result<usize, Error> {
        Ok(self.runs.next())
    }

    fn runs(&self) -> &Runs {
        &self.runs
    }
}

/// C117
#[tokio::test]
async fn a_method_of_a_trait_runs_once() {
    let (idem, service) = (Idem::in_memory(), Service::of("a"));
    for _ in 0..2 {
        assert_eq!(idem.scope(service.ship(1)).await.unwrap(), 1);
        assert_eq!(idem.scope(service.by_default(1)).await.unwrap(), 2);
    }
}

#[async_trait::async_trait]
trait Boxed: Send + Sync {
    async fn above(&self, id: u64, pair: (u8, String)) -> Result<usize, Error>;
    async fn owned(self: Arc<Self>, id: u64) -> Result<usize, Error>;
    async fn traced(&self, id: u64) -> Result<usize, Error>;
}

#[async_trait::async_trait]
impl Boxed for Service {
    #[idempotent(key = "above:{self.tenant}:{id}:{text}", strategy = "setnx", fingerprint(n))]
    async fn above(&self, mut id: u64, (n, text): (u8, String)) -> Result<usize, Error> {
        id += u64::from(n);
        let parsed: usize = text.parse().map_err(|_| Error::NotInstalled)?;
        Ok(self.runs.next() + parsed + usize::try_from(id).unwrap())
    }

    #[idempotent(key = "owned:{self.tenant}:{id}", strategy = "setnx", on_cancel = "finish")]
    async fn owned(self: Arc<Self>, id: u64) -> Result<usize, Error> {
        Ok(self.runs.next())
    }

    #[idempotent(key = "traced:{self.tenant}:{id}", strategy = "setnx")]
    #[tracing::instrument(skip_all)]
    async fn traced(&self, id: u64) -> Result<usize, Error> {
        Ok(self.runs.next())
    }
}

/// C117
#[tokio::test]
async fn a_method_under_async_trait_runs_once() {
    let idem = Idem::in_memory();
    let service: Arc<dyn Boxed> = Service::of("a");
    for _ in 0..2 {
        let answer = idem.scope(service.above(1, (2, "10".to_owned()))).await;
        assert_eq!(answer.unwrap(), 14);
        assert_eq!(idem.scope(Arc::clone(&service).owned(1)).await.unwrap(), 2);
        assert_eq!(idem.scope(service.traced(1)).await.unwrap(), 3);
    }
    let other = idem.scope(service.above(1, (3, "10".to_owned()))).await;
    assert!(matches!(other, Err(Error::Mismatch { .. })), "{other:?}");
}
