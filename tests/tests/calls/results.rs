//! What a duplicate gets: the same value, or a reason.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use idem::{Codec, Error, Idem, Json, Outcome, Plan, Returns, Source, with_outcome};
use kit::place::Place;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::support::Runs;

const PLAN: Plan = Plan::setnx();

on_every_store! {
    every_kind_of_value_replays_exactly
    a_result_over_the_bound_completes_without_it
    what_is_not_to_be_stored_frees_the_key
    what_can_not_be_read_is_neither_run_nor_overwritten
    duplicates_can_be_rejected
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested<T> {
    inner: Option<T>,
    list: Vec<Result<T, String>>,
    map: BTreeMap<String, (u64, f64)>,
}

async fn replays<T>(place: &Place, op: &str, value: T)
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + Debug,
{
    let (idem, elsewhere) = crate::support::two_engines(place).await;
    let runs = Runs::default();
    for (at, engine) in [&idem, &idem, &elsewhere].into_iter().enumerate() {
        let body = async {
            runs.next();
            Ok::<T, Error>(value.clone())
        };
        let (answer, outcome) = with_outcome(engine.call(&PLAN, idem::key!("op:{op}"), body)).await;
        assert_eq!(answer.unwrap(), value, "{op}");
        // C77: told apart on every result.
        assert_eq!(matches!(outcome, Outcome::Ran { .. }), at == 0, "{op}: {outcome:?}");
    }
    assert_eq!(runs.count(), 1, "{op}");
}

/// C69, C77
async fn every_kind_of_value_replays_exactly(place: Place) {
    replays(&place, "unit", ()).await;
    replays(&place, "none", None::<u32>).await;
    replays(&place, "zero", 0_i64).await;
    replays(&place, "most", (u64::MAX, i64::MIN, f64::MIN_POSITIVE, 0.1 + 0.2)).await;
    // Which a reader that is content with almost the same number reads as another.
    replays(&place, "floats", (105.773_771_648_680_41, 945.213_444_824_259_7, 16.1_f32)).await;
    replays(&place, "false", false).await;
    replays(&place, "empty text", String::new()).await;
    replays(&place, "text", "\u{0}é💳\"\\\u{2028}".to_owned()).await;
    replays(&place, "empty list", Vec::<u8>::new()).await;
    replays(&place, "large", vec!["x".repeat(1000); 900]).await;
    let map = BTreeMap::from([("b".to_owned(), (u64::MAX, 1.5)), (String::new(), (0, -0.0))]);
    let nested =
        Nested { inner: Some(vec![1, 2]), list: vec![Ok(vec![]), Err("no".to_owned())], map };
    replays(&place, "nested", nested).await;
}

/// C73, H77
async fn a_result_over_the_bound_completes_without_it(place: Place) {
    let idem = place.builder().await.max_result(100).build().await.unwrap();
    let runs = Runs::default();
    for (length, fits) in [(98, true), (99, false)] {
        let call = || {
            let body = async {
                runs.next();
                Ok::<_, Error>("x".repeat(length)) // and two quotes
            };
            with_outcome(idem.call(&PLAN, idem::key!("op:{length}"), body))
        };
        let (first, outcome) = call().await;
        assert_eq!(first.unwrap().len(), length, "the first caller gets it in full");
        assert!(matches!(outcome, Outcome::Ran { stored: true, .. }), "{outcome:?}");
        match call().await.0 {
            Ok(value) => assert!(fits && value.len() == length),
            Err(error) => {
                assert!(!fits && matches!(error, Error::ResultNotStored { .. }), "{error:?}");
            }
        }
    }
    assert_eq!(runs.count(), 2);
}

/// C43: a map whose keys are no text is not JSON.
#[tokio::test]
async fn a_result_that_will_not_encode_completes_without_it() {
    let idem = Idem::in_memory();
    let one = 1;
    let body = async { Ok::<_, Error>(BTreeMap::from([((1, 2), 3)])) };
    assert_eq!(idem.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap()[&(1, 2)], 3);
    for _ in 0..2 {
        let body = async { panic!("never a second run") };
        let again: Result<BTreeMap<(u8, u8), u8>, Error> =
            idem.call(&PLAN, idem::key!("op:{one}"), body).await;
        assert!(matches!(again, Err(Error::ResultNotStored { .. })), "{again:?}");
    }
}

/// A codec that puts its bytes in the place of what stands there, and not behind it, loses its result
/// and no more.
#[tokio::test]
async fn a_codec_that_does_not_append_completes_without_the_result() {
    struct Replacing;

    impl Codec<String> for Replacing {
        const NAME: &'static str = "replaces";

        fn encode(value: &String, out: &mut Vec<u8>) -> Result<(), Source> {
            *out = value.clone().into_bytes();
            Ok(())
        }

        fn decode(bytes: &[u8]) -> Result<String, Source> {
            Ok(String::from_utf8(bytes.to_vec())?)
        }
    }

    let idem = Idem::in_memory();
    let returns = Returns::<Result<String, Error>>::new(Err).replay::<Replacing>();
    for length in [0, 10, 60, 1000] {
        let key = || idem::key!("op:{length}");
        let call = || idem.call_with(&PLAN, key(), returns, async { Ok("x".repeat(length)) });
        assert_eq!(call().await.unwrap().len(), length);
        let again = call().await;
        assert!(matches!(again, Err(Error::ResultNotStored { .. })), "{length}: {again:?}");
        assert_eq!(idem.get(&key()).await.unwrap().unwrap().attempts, 1, "{length}");
    }
}

/// C75
async fn what_is_not_to_be_stored_frees_the_key(place: Place) {
    let idem = place.engine().await;
    let runs = Runs::default();
    let one = 1;
    for run in 1..=3 {
        let body = async {
            if run < 3 {
                let attempt = idem::attempt();
                tokio::spawn(async move { attempt.do_not_store() }).await.unwrap();
            }
            runs.body().await
        };
        assert_eq!(idem.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap(), run);
    }
    assert_eq!(idem.call(&PLAN, idem::key!("op:{one}"), runs.body()).await.unwrap(), 3);
}

/// Numbers as text with a mark.
struct Marked;

impl Codec<usize> for Marked {
    const NAME: &'static str = "marked";

    fn encode(value: &usize, out: &mut Vec<u8>) -> Result<(), Source> {
        out.extend_from_slice(format!("!{value}").as_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<usize, Source> {
        let text = std::str::from_utf8(bytes)?;
        Ok(text.strip_prefix('!').ok_or("no mark")?.parse()?)
    }
}

fn unreadable<T: Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Unreadable { key, reason, .. }) => {
            assert!(key.starts_with("op:"), "{key}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

/// C72: another type, another codec, and what is no record at all.
async fn what_can_not_be_read_is_neither_run_nor_overwritten(place: Place) {
    let idem = place.engine().await;
    let runs = Runs::default();
    let op = "typed";
    let secret = || async { Ok::<_, Error>("4111-secret".to_owned()) };
    idem.call(&PLAN, idem::key!("op:{op}"), secret()).await.unwrap();
    let reason = unreadable(idem.call(&PLAN, idem::key!("op:{op}"), runs.body()).await);
    assert!(!reason.contains("4111"), "no payload in an error: {reason}");
    assert_eq!(idem.call(&PLAN, idem::key!("op:{op}"), secret()).await.unwrap(), "4111-secret");

    let marked = Returns::<Result<usize, Error>>::new(Err).replay::<Marked>();
    let op = "coded";
    for _ in 0..2 {
        let call = idem.call_with(&PLAN, idem::key!("op:{op}"), marked, async { Ok(42) });
        assert_eq!(call.await.unwrap(), 42);
    }
    unreadable(idem.call(&PLAN, idem::key!("op:{op}"), runs.body()).await);

    if let Some(server) = place.server() {
        let mut client = server.client().await;
        let name = format!("{}:op:foreign", place.prefix());
        let op = "foreign";
        for value in ["", "42", "idem", "idem\u{1}\u{1}", "{\"status\":\"done\"}"] {
            client.run::<()>(&["SET", &name, value]).await;
            unreadable(
                idem.call(&PLAN.wait(Duration::from_mins(1)), idem::key!("op:{op}"), runs.body())
                    .await,
            );
            assert_eq!(client.run::<String>(&["GET", &name]).await, value);
        }
        client.run::<()>(&["DEL", &name]).await;
        client.run::<()>(&["RPUSH", &name, "a list"]).await;
        unreadable(idem.call(&PLAN, idem::key!("op:{op}"), runs.body()).await);
        assert_eq!(client.run::<String>(&["TYPE", &name]).await, "list");
    }
    assert_eq!(runs.count(), 0);
}

/// A record of which one byte was changed is no answer, whichever byte.
#[tokio::test]
async fn a_damaged_record_is_noticed() {
    let place = Place::redis();
    let idem = place.engine().await;
    let mut client = place.server().unwrap().client().await;
    let one = 1;
    let body = async { Ok::<_, Error>("kept".to_owned()) };
    idem.call(&PLAN, idem::key!("op:{one}"), body).await.unwrap();
    let name = format!("{}:op:1", place.prefix());
    let bytes: Vec<u8> = client.run(&["GET", &name]).await;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        client.run::<()>(&[b"SET", name.as_bytes(), &damaged]).await;
        let body = async { panic!("it has run before") };
        let answer: Result<String, Error> = idem.call(&PLAN, idem::key!("op:{one}"), body).await;
        unreadable(answer);
    }
    for length in 0..bytes.len() {
        client.run::<()>(&[b"SET", name.as_bytes(), &bytes[..length]]).await;
        let body = async { panic!("it has run before") };
        let answer: Result<String, Error> = idem.call(&PLAN, idem::key!("op:{one}"), body).await;
        unreadable(answer);
    }
}

/// `on_duplicate = "reject"`: nothing is stored, and no serde asked for.
async fn duplicates_can_be_rejected(place: Place) {
    struct Opaque;
    let (idem, elsewhere) = crate::support::two_engines(&place).await;
    let plan = PLAN.reject_duplicates();
    let returns = Returns::<Result<Opaque, Error>>::new(Err);
    let one = 1;
    let call = |engine: &Idem| {
        let engine = engine.clone();
        async move {
            engine.call_with(&plan, idem::key!("op:{one}"), returns, async { Ok(Opaque) }).await
        }
    };
    let waiters = {
        let plan = plan.wait(Duration::from_mins(1));
        let engines = [idem.clone(), elsewhere.clone()];
        let body = async move {
            let waiters = engines.map(|engine| {
                tokio::spawn(async move {
                    let body = async { Ok(Opaque) };
                    engine.call_with(&plan, idem::key!("op:{one}"), returns, body).await
                })
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(waiters)
        };
        let returns = Returns::<Result<_, Error>>::new(Err);
        idem.call_with(&plan, idem::key!("op:{one}"), returns, body).await
    };
    for waiter in waiters.unwrap() {
        assert!(matches!(waiter.await.unwrap(), Err(Error::Duplicate { .. })));
    }
    for engine in [&idem, &elsewhere] {
        assert!(matches!(call(engine).await, Err(Error::Duplicate { .. })));
    }
}

/// A reader of the other kind finds a completed record without a result.
#[tokio::test]
async fn what_rejects_and_what_replays_can_meet() {
    let idem = Idem::in_memory();
    let returns = Returns::<Result<usize, Error>>::new(Err);
    let reject = PLAN.reject_duplicates();
    let one = 1;
    idem.call_with(&reject, idem::key!("op:{one}"), returns, async { Ok(1) }).await.unwrap();
    let answer = idem.call(&PLAN, idem::key!("op:{one}"), async { Ok::<usize, Error>(2) }).await;
    assert!(matches!(answer, Err(Error::ResultNotStored { .. })), "{answer:?}");
    let two = 2;
    idem.call(&PLAN, idem::key!("op:{two}"), async { Ok::<usize, Error>(2) }).await.unwrap();
    let answer =
        idem.call_with(&reject, idem::key!("op:{two}"), returns.replay::<Json>(), async { Ok(1) });
    assert!(matches!(answer.await, Err(Error::Duplicate { .. })));
}

/// Through `call`, too, whose types could be stored.
#[tokio::test]
async fn a_call_that_rejects_duplicates_stores_no_result() {
    let idem = Idem::in_memory();
    let one = 1;
    let reject = PLAN.reject_duplicates();
    let body = async { Ok::<usize, Error>(1) };
    idem.call(&reject, idem::key!("op:{one}"), body).await.unwrap();
    let answer = idem.call(&PLAN, idem::key!("op:{one}"), async { Ok::<usize, Error>(2) }).await;
    assert!(matches!(answer, Err(Error::ResultNotStored { .. })), "{answer:?}");
}
