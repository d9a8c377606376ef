//! What `docs/guide/testing.md` shows: a handler that fails, and is mended.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use idem::{Error, idempotent};

/// A provider as a test has it: it charges, and dedupes on a key where it is given one.
#[derive(Default)]
struct FakeBank {
    keys: Mutex<HashSet<String>>,
    charges: Mutex<u32>,
}

impl FakeBank {
    async fn charge(&self, key: Option<String>) {
        tokio::time::sleep(Duration::from_millis(80)).await; // the way there
        let known = key.is_some_and(|key| !self.keys.lock().unwrap().insert(key));
        if !known {
            *self.charges.lock().unwrap() += 1;
        }
    }

    fn charges(&self) -> u32 {
        *self.charges.lock().unwrap()
    }
}

mod first {
    use super::*;

    #[idempotent(key = "charge:{order}", strategy = "setnx")]
    async fn charge(order: u32, bank: &FakeBank) -> Result<u32, Error> {
        bank.charge(None).await;
        Ok(order)
    }

    #[tokio::test]
    #[should_panic(expected = "the process is killed after the body, before its result is stored")]
    async fn charging_survives_everything() {
        idem::testing::explore(|world| async move {
            let bank = FakeBank::default();
            world.deliver(|| charge(7, &bank)).await.unwrap();
            assert_eq!(bank.charges(), 1, "{world}");
        })
        .await;
    }
}

mod mended {
    use super::*;

    #[idempotent(key = "charge:{order}", strategy = "setnx")]
    async fn charge(order: u32, bank: &FakeBank) -> Result<u32, Error> {
        let key = idem::attempt().downstream_key("charge");
        bank.charge(Some(key)).await;
        Ok(order)
    }

    #[tokio::test]
    async fn charging_survives_everything() {
        idem::testing::explore(|world| async move {
            let bank = FakeBank::default();
            world.deliver(|| charge(7, &bank)).await.unwrap();
            assert_eq!(bank.charges(), 1, "{world}");
        })
        .await;
    }
}
