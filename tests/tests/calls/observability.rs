//! What people see: the documented names, and never a raw key or a payload.

use std::sync::Mutex;
use std::time::Duration;

use idem::{Error, Idem, Json, OnErr, OnOutage, Plan, Returns};
use kit::faulty::{Fault, Step};
use kit::redis::{Flavour, Server};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::{advance, sleep};

use crate::seen::{Seen, watch};
use crate::support::{ask, faulty, orphan};

const LEASE: Duration = Duration::from_secs(30);
const PLAN: Plan = Plan::setnx();

/// What logs have in place of a key: 16 hex digits of its full name's SHA-256.
fn hashed(name: &str) -> String {
    let digest = Sha256::digest(name);
    let start = digest.first_chunk().expect("a digest has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(*start))
}

fn calls(seen: &Seen, outcome: &str) -> f64 {
    seen.number(&format!("idem_calls_total{{operation=op,outcome={outcome}}}"))
}

fn is(number: f64, expected: u32) -> bool {
    (number - f64::from(expected)).abs() < 0.5
}

#[test]
fn each_answer_is_counted_under_its_name() {
    watch(async |seen: Seen| {
        let (store, idem) = faulty().await;
        ask(&idem, &PLAN).await.0.unwrap();
        assert!(is(calls(&seen, "ran"), 1), "{:?}", seen.names());
        let span = seen.last_span();
        for field in ["idem.call", "operation=\"op\"", "outcome=\"ran\"", "attempt=1", "fence=1"] {
            assert!(span.contains(field), "{field}: {span}");
        }
        assert!(span.contains(&format!("key={}", hashed("idem:op:1"))), "{span}");
        ask(&idem, &PLAN).await.0.unwrap();
        assert!(is(calls(&seen, "replayed"), 1), "{:?}", seen.names());
        let span = seen.last_span();
        assert!(span.contains("outcome=\"replayed\"") && span.contains("age_ms="), "{span}");
        assert!(is(seen.number("idem_call_seconds"), 2));
        assert!(is(seen.number("idem_store_seconds{op=claim}"), 2));
        assert!(is(seen.number("idem_store_seconds{op=complete}"), 1));

        let one = 1;
        assert_eq!(
            idem.purge(&idem::key!("op:{one}"), 1).await.unwrap(),
            idem::store::Settled::Done
        );
        orphan(&idem, &PLAN).await;
        assert!(ask(&idem, &PLAN).await.0.is_err());
        assert!(is(calls(&seen, "in_flight"), 1), "{:?}", seen.names());
        assert!(seen.last_span().contains("outcome=\"in_flight\""), "{}", seen.last_span());

        store.always(Step::Claim, Fault::Unreached);
        assert!(ask(&idem, &PLAN).await.0.is_err());
        assert!(is(calls(&seen, "outage"), 1), "{:?}", seen.names());
        ask(&idem, &PLAN.on_outage(OnOutage::Run)).await.0.unwrap();
        assert!(is(calls(&seen, "unguarded"), 1), "{:?}", seen.names());
        assert!(seen.log().contains("runs unguarded"), "{}", seen.log());
        store.heal();

        advance(LEASE + Duration::from_millis(1)).await;
        let waiting = idem.clone();
        let body = async {
            let waiter = tokio::spawn(async move { ask(&waiting, &PLAN.wait(LEASE)).await });
            sleep(Duration::from_secs(1)).await;
            Ok::<_, Error>(waiter)
        };
        let returns = Returns::<Result<_, Error>>::new(Err);
        let waiter = idem.call_with(&PLAN, idem::key!("op:{one}"), returns, body).await.unwrap();
        assert!(waiter.await.unwrap().0.is_err());
        assert!(is(calls(&seen, "result_not_stored"), 1), "{:?}", seen.names());

        let (waiting, two) = (idem.clone(), 2);
        let followed = Mutex::new(None);
        let body = async {
            let waiter = tokio::spawn(async move {
                let waits = waiting.call(&PLAN.wait(LEASE), idem::key!("op:{two}"), async {
                    panic!("a duplicate ran")
                });
                waits.await.map_err(|error: Error| error.code())
            });
            sleep(Duration::from_secs(1)).await;
            *followed.lock().unwrap() = Some(waiter);
            Ok::<_, Error>(7_u32)
        };
        idem.call(&PLAN, idem::key!("op:{two}"), body).await.unwrap();
        let waiter = followed.lock().unwrap().take().expect("the body has run");
        assert_eq!(waiter.await.unwrap(), Ok(7_u32));
        assert!(is(calls(&seen, "waited"), 1), "{:?}", seen.names());
    });
}

/// Whoever finds out late that nothing was guarded finds it in the log.
#[test]
fn an_engine_that_is_disabled_warns_of_it() {
    watch(async |seen: Seen| {
        Idem::builder().memory().build().await.unwrap();
        assert!(!seen.log().contains("disabled"), "{}", seen.log());
        Idem::builder().disabled().build().await.unwrap();
        let log = seen.log();
        let warned =
            log.lines().any(|line| line.contains("WARN") && line.contains("idem is disabled"));
        assert!(warned, "{log}");
    });
}

/// The span of a call is no other's: what is around it is left alone.
#[test]
fn the_callers_own_span_is_left_alone() {
    watch(async |seen: Seen| {
        use tracing::Instrument as _;
        let span = tracing::info_span!("mine", outcome = tracing::field::Empty);
        ask(&Idem::in_memory(), &PLAN).instrument(span).await.0.unwrap();
        let mine = seen.last_span();
        assert!(mine.contains("mine") && !mine.contains("outcome"), "{mine}");
    });
}

#[test]
fn bodies_in_flight_are_counted_down_again_whatever_becomes_of_them() {
    watch(async |seen: Seen| {
        let (store, idem) = faulty().await;
        let in_flight = || seen.number("idem_in_flight");
        let one = 1;
        let key = || idem::key!("op:{one}");
        let body = async {
            assert!(is(in_flight(), 1));
            Ok::<u32, Error>(1)
        };
        idem.call(&PLAN, key(), body).await.unwrap();
        assert!(is(in_flight(), 0));
        for op in 10..12_u32 {
            let detached = idem.clone();
            let returns = Returns::<Result<u32, Error>>::new(Err);
            let now = seen.clone();
            let call = async move {
                let body = async move {
                    assert!(is(now.number("idem_in_flight"), 1));
                    if op == 11 { panic!("the body panics") } else { Ok(op) }
                };
                detached.call_detached(&PLAN, idem::key!("op:{op}"), returns, body).await
            };
            assert_eq!(tokio::spawn(call).await.is_err(), op == 11);
            assert!(is(in_flight(), 0), "{op}: {}", in_flight());
        }
        let two = 2;
        let short = PLAN.max_runtime(Duration::from_secs(1));
        let never = std::future::pending::<Result<u32, Error>>();
        assert!(idem.call(&short, idem::key!("op:{two}"), never).await.is_err());
        assert!(is(in_flight(), 0));
        let three = 3;
        store.always(Step::Complete, Fault::Undone);
        idem.call(&PLAN, idem::key!("op:{three}"), async { Ok::<u32, Error>(1) }).await.unwrap();
        assert!(is(in_flight(), 0), "what is settled is no body");
        let four = 4;
        let mut call = Box::pin(idem.call(
            &PLAN,
            idem::key!("op:{four}"),
            std::future::pending::<Result<u32, Error>>(),
        ));
        crate::support::poll_once(&mut call).await;
        assert!(is(in_flight(), 1));
        drop(call);
        assert!(is(in_flight(), 0));
    });
}

/// A lost lease is one event and one count, whoever finds out first.
#[test]
fn a_lost_lease_is_told_once() {
    watch(async |seen: Seen| {
        for (at, finds_out) in [(1, true), (2, false)] {
            let idem = Idem::in_memory();
            let one = 1;
            let body = async {
                let fence = idem::attempt().fence();
                assert_eq!(
                    idem.release(&idem::key!("op:{one}"), fence).await.unwrap(),
                    idem::store::Settled::Done
                );
                if finds_out {
                    idem::attempt().cancelled().await;
                }
                Ok::<u32, Error>(1)
            };
            idem.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap();
            assert!(is(seen.number("idem_lease_lost_total"), at), "{:?}", seen.names());
            let told = seen.log().matches("lease lost").count();
            assert_eq!(u32::try_from(told).unwrap(), at, "{}", seen.log());
        }
    });
}

const SECRET: &str = "4111-1111";

#[derive(Debug, Serialize, Deserialize)]
struct Payload(String);

/// A type whose own words tell what it holds.
#[derive(Debug, Deserialize)]
struct Talkative(String);

impl Serialize for Talkative {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(format!("can't serialise {}", self.0)))
    }
}

/// Whatever goes wrong, with whatever in the key and in the values.
#[test]
fn no_raw_key_and_no_payload_is_ever_seen() {
    watch(async |seen: Seen| {
        let (store, idem) = faulty().await;
        let plan = PLAN.on_err(OnErr::Store);
        for hostile in [SECRET, "4111-1111\r\nlevel=error", "%s{}4111-1111\u{1b}[31m"] {
            let key = || idem::key!("op:{hostile}").fingerprint(&(SECRET, 1));
            let payload = || async { Ok::<_, Error>(Payload(SECRET.to_owned())) };
            store.once(Step::Complete, Fault::Undone);
            idem.call(&plan, key(), payload()).await.unwrap();
            sleep(Duration::from_secs(1)).await;
            idem.call(&plan, key(), payload()).await.unwrap();
            // Of another type, under another fingerprint, and of another scheme.
            let typed = idem.call(&plan, key(), async { Ok::<u32, Error>(1) }).await.unwrap_err();
            assert!(!typed.to_string().replace(&key().to_string(), "").contains("4111"), "{typed}");
            assert!(idem.call(&plan, key().fingerprint(&SECRET), payload()).await.is_err());
            idem.call(
                &plan,
                key().fingerprint_of("other", [idem::Comparable::compared(&SECRET)]),
                payload(),
            )
            .await
            .unwrap();

            let other = format!("{hostile}2");
            let key = || idem::key!("op:{other}");
            let talk = || async { Ok::<_, Error>(Talkative(SECRET.to_owned())) };
            idem.call(&plan, key(), talk()).await.unwrap();
            assert!(idem.call(&plan, key(), talk()).await.is_err());

            let other = format!("{hostile}3");
            let key = || idem::key!("op:{other}");
            let failing = Returns::<Result<u32, Talkative>>::new(|_| Err(Talkative(String::new())))
                .replay::<Json>()
                .replay_failures::<Json>();
            let fails = async { Err(Talkative(SECRET.to_owned())) };
            idem.call_with(&plan, key(), failing, fails).await.unwrap_err();
            advance(LEASE + Duration::from_millis(1)).await;
            let lost = async {
                let fence = idem::attempt().fence();
                assert_eq!(idem.release(&key(), fence).await.unwrap(), idem::store::Settled::Done);
                Ok::<_, Error>(Payload(SECRET.to_owned()))
            };
            idem.call(&plan, key(), lost).await.unwrap();
        }
        // And of attempts that are counted.
        let count = Plan::count();
        let counted = format!("{SECRET}/counted");
        let key = || idem::key!("op:{counted}").fingerprint(&SECRET);
        let held = async { Err::<u32, _>(Error::outage("unknown")) };
        idem.call(&count, key(), held).await.unwrap_err();
        advance(LEASE + Duration::from_millis(1)).await;
        let spent = idem.call(&count, key(), async { Ok::<u32, Error>(1) }).await.unwrap_err();
        assert!(matches!(spent, Error::Exhausted { .. }), "{spent:?}");
        let names = seen.names().join(" ");
        for seen in [&seen.log(), &names] {
            // All of it: some digits of it are in a hash or a time now and then.
            assert!(!seen.contains(SECRET) && !seen.contains('\u{1b}'), "{seen}");
        }
        for told in
            ["completed without its result", "nothing was compared", "lease lost", "did not answer"]
        {
            assert!(seen.log().contains(told), "{told}: {}", seen.log());
        }
    });
}

/// At `build()` it would be refused. Later, what still works goes on working.
#[test]
fn a_reconnect_to_a_redis_that_forbids_scripts_is_warned_of() {
    watch(async |seen: Seen| {
        tokio::time::resume();
        let server = Server::start(Flavour::Redis);
        let mut client = server.client().await;
        client.run::<()>(&["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all"]).await;
        let url = format!("redis://app:secret@{}/", server.address());
        let idem = Idem::builder().redis(url).timeout(LEASE).build().await.unwrap();
        ask(&idem, &PLAN).await.0.unwrap();
        client.run::<()>(&["ACL", "SETUSER", "app", "-@scripting"]).await;
        client.run::<()>(&["CLIENT", "KILL", "USER", "app"]).await;
        ask(&idem, &PLAN).await.0.unwrap();
        assert!(is(calls(&seen, "replayed"), 1), "{:?}", seen.names());
        let log = seen.log();
        let warned = log.lines().find(|line| line.contains("WARN") && line.contains("forbids"));
        assert!(warned.is_some_and(|line| line.contains("'eval' command")), "{log}");
    });
}
