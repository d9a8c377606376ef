//! A stand-in until the engine is there: claims in a file that all processes of a run share.
#![allow(clippy::unused_async, clippy::unnecessary_wraps)]

use std::collections::HashMap;
use std::fs::File;
use std::future::Future;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::handler::{Failed, Receipt};

static ENGINE: OnceLock<PathBuf> = OnceLock::new();

tokio::task_local! {
    pub(super) static KEY: String;
}

pub(super) struct Idem(PathBuf);

pub(super) fn in_memory() -> Idem {
    Idem(std::env::temp_dir().join(format!("idem-stub-{}", super::ledger::run_name())))
}

pub(super) async fn over_redis(_url: &str, prefix: &str) -> Result<Idem, idem::Error> {
    Ok(Idem(std::env::temp_dir().join(format!("idem-stub-{prefix}"))))
}

impl Idem {
    pub(super) fn install(self) -> Result<(), idem::Error> {
        ENGINE.set(self.0).map_err(|_| idem::Error::outage("installed before"))
    }
}

pub(super) enum Outcome {
    Ran { attempt: u64 },
    Replayed,
    Refused,
}

pub(super) async fn with_outcome<F: Future>(call: F) -> F::Output {
    call.await
}

pub(super) struct Attempt(String);

impl Attempt {
    pub(super) fn downstream_key(&self, label: &str) -> String {
        format!("{label}-{}", self.0)
    }
}

pub(super) fn try_attempt() -> Option<Attempt> {
    KEY.try_with(|key| Attempt(key.clone())).ok()
}

#[derive(Serialize, Deserialize)]
struct Record {
    print: String,
    lease: u128,
    attempt: u64,
    receipt: Option<Receipt>,
}

fn with_records<T>(work: impl FnOnce(&mut HashMap<String, Record>) -> T) -> T {
    let path = ENGINE.get().expect("installed");
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap();
    file.lock().unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let mut records = serde_json::from_str(&text).unwrap_or_default();
    let done = work(&mut records);
    file.rewind().unwrap();
    file.set_len(0).unwrap();
    file.write_all(serde_json::to_string(&records).unwrap().as_bytes()).unwrap();
    done
}

pub(super) async fn call(
    key: String,
    print: String,
    body: impl Future<Output = Result<Receipt, Failed>>,
) -> (Result<Receipt, Failed>, Outcome) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let claimed = with_records(|records| match records.get_mut(&key) {
        Some(record) if record.print != print => Err(Err(Failed::Mismatch)),
        Some(Record { receipt: Some(receipt), .. }) => Err(Ok(receipt.clone())),
        Some(record) if record.lease > now => Err(Err(Failed::Idem(idem::Error::in_flight(
            key.clone(),
            Duration::from_millis(u64::try_from(record.lease - now).unwrap()),
        )))),
        found => {
            let attempt = found.map_or(1, |record| record.attempt + 1);
            let record = Record { print, lease: now + 2000, attempt, receipt: None };
            records.insert(key.clone(), record);
            Ok(attempt)
        }
    });
    match claimed {
        Err(Ok(receipt)) => (Ok(receipt), Outcome::Replayed),
        Err(Err(error)) => (Err(error), Outcome::Refused),
        Ok(attempt) => {
            let result = KEY.scope(key.clone(), body).await;
            with_records(|records| match &result {
                Ok(receipt) => records.get_mut(&key).unwrap().receipt = Some(receipt.clone()),
                Err(_) => drop(records.remove(&key)),
            });
            (result, Outcome::Ran { attempt })
        }
    }
}
