//! What a server's answers mean.

use std::time::Duration;

use redis::{RedisError, Value, parse_redis_value};

use super::answer::*;
use super::probe::{Mode, Server};
use super::*;
use crate::record::{Content, Header, Record, Start, State};
use crate::store::{Change, Claimed, Lease, Settled};

fn start(counts: bool) -> Start<'static> {
    Start { counts, ..Start::plain(Duration::from_secs(10), Duration::from_mins(1)) }
}

fn running() -> Record {
    Record::running(&start(false), None)
}

fn completed(running: &Record) -> Record {
    let header: Header = running.next(State::Completed, Content::Nothing);
    Record::of(header, running.holder())
}

fn value(record: &Record) -> Value {
    Value::BulkString(record.as_bytes().to_vec())
}

/// What a server refuses, as it comes over the wire.
fn refused(line: &str) -> RedisError {
    let answer = parse_redis_value(format!("-{line}\r\n").as_bytes()).expect("an answer");
    answer.extract_error().expect_err("an error")
}

fn found_lease(record: &Record, ttl: i64, time: Option<i64>) -> Lease {
    judged(value(record), ttl, time).expect("a form that is known").expect("a record").lease
}

#[test]
fn a_lease_is_what_the_time_to_live_has_above_the_rest_of_the_retention() {
    let live = |millis| Lease::Live(Duration::from_millis(millis));
    let record = running();
    assert_eq!(threshold(&record), 50_000);
    for (ttl, lease) in [
        (60_000, live(10_000)),
        (50_001, live(1)),
        (50_000, live(0)),
        (49_999, Lease::Lapsed),
        (0, Lease::Lapsed),
        // It never expires, as if somebody had planted it: it is owned.
        (-1, live(60_000)),
    ] {
        assert_eq!(found_lease(&record, ttl, None), lease, "{ttl}");
    }
}

#[test]
fn only_a_running_record_has_a_lease_that_can_lapse() {
    let live = |millis| Lease::Live(Duration::from_millis(millis));
    let record = running();
    assert_eq!(threshold(&record.freed()), -2);
    assert_eq!(threshold(&completed(&record)), -1);
    let without = Record::running(&Start { lease: Duration::ZERO, ..start(false) }, None);
    assert_eq!(threshold(&without), -1);
    assert_eq!(found_lease(&without, 1000, None), live(1000));
    assert_eq!(found_lease(&completed(&record), 1000, None), live(1000));
    assert_eq!(found_lease(&record.freed(), 1000, None), live(1000));
}

#[test]
fn a_counted_lease_is_judged_by_its_end_and_the_servers_time() {
    let record = Record::running(&start(true), None);
    let value = || Value::BulkString([record.as_bytes(), b"0000000000001000"].concat());
    let lease = |time| judged(value(), 1000, time).unwrap().unwrap().lease;
    assert_eq!(lease(Some(990)), Lease::Live(Duration::from_millis(10)));
    assert_eq!(lease(Some(1001)), Lease::Lapsed);
    assert_eq!(lease(None), Lease::Unjudged);
}

#[test]
fn nothing_is_found_where_nothing_stands() {
    assert_eq!(found(Value::Nil).unwrap(), None);
    assert_eq!(found(Value::Boolean(false)).unwrap(), None);
    assert_eq!(judged(Value::Nil, -2, None).unwrap(), None);
    let record = running();
    assert_eq!(found(value(&record)).unwrap(), Some(record));
    let other = found(Value::Boolean(true)).unwrap_err();
    assert!(other.may_have_reached(), "what a server did that answers so is unknown");
}

#[test]
fn a_change_is_done_or_lost() {
    assert_eq!(done(&Value::Int(1)).unwrap(), Settled::Done);
    assert_eq!(done(&Value::Int(0)).unwrap(), Settled::Lost);
    assert_eq!(done(&Value::BulkString(Vec::new())).unwrap(), Settled::Lost);
    assert!(done(&Value::Int(2)).is_err());
}

#[test]
fn a_completion_is_done_where_its_own_record_stands() {
    let running = running();
    let completed = completed(&running);
    let change = Change::Complete(&completed);
    let answered = |answer| swapped(answer, &running, change).unwrap();
    assert_eq!(answered(Value::Okay), Settled::Done);
    assert_eq!(answered(Value::Int(1)), Settled::Done);
    assert_eq!(answered(value(&completed)), Settled::Done);
    assert_eq!(answered(value(&running.freed())), Settled::Lost);
    assert_eq!(answered(Value::Nil), Settled::Lost);
}

#[test]
fn a_key_that_holds_no_string_stands_there_as_no_record() {
    let no_string = "WRONGTYPE Operation against a key holding the wrong kind of value";
    let in_a_script = format!("ERR Error running script: @user_script:1: {no_string}");
    let empty = Value::BulkString(Vec::new());
    assert_eq!(or_standing(Err(refused(no_string))).unwrap(), empty);
    assert_eq!(or_standing(Err(refused(&in_a_script))).unwrap(), empty);
    let full = or_standing(Err(refused("OOM command not allowed"))).unwrap_err();
    assert_eq!(full.code(), Some("OOM"));
    assert_eq!(or_standing(Ok(Value::Int(1))).unwrap(), Value::Int(1));
}

#[test]
fn times_are_whole_milliseconds() {
    assert_eq!(milliseconds(Duration::from_millis(1500)), 1500);
    assert_eq!(milliseconds(Duration::MAX), i64::MAX);
}

#[test]
fn a_refused_user_is_a_mistake_of_the_configuration_and_silence_an_outage() {
    for said in ["WRONGPASS invalid password", "NOAUTH Authentication required."] {
        assert_eq!(refusal(refused(said)).code(), "config", "{said}");
    }
    assert_eq!(refusal(refused("LOADING dataset")).code(), "outage");
    let silent = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(refusal(silent.into()).code(), "outage");
}

#[test]
fn a_server_that_would_lose_claims_is_refused() {
    let server = |policy: Option<&str>| Server {
        dialect: Dialect::Native,
        is_replica: false,
        mode: None,
        policy: policy.map(str::to_owned),
        forbidden: None,
    };
    let refused = |server: &Server| check(server, false).map_err(|error| error.to_string());
    assert_eq!(refused(&server(Some("noeviction"))), Ok(()));
    assert_eq!(refused(&server(None)), Ok(()));
    let told = refused(&server(Some("allkeys-lru"))).unwrap_err();
    assert!(told.contains("maxmemory-policy allkeys-lru"), "{told}");
    assert!(check(&server(Some("allkeys-lru")), true).is_ok());
    let told = refused(&Server { is_replica: true, ..server(None) }).unwrap_err();
    assert!(told.contains("is a replica"), "{told}");
    for (mode, named) in [(Mode::Cluster, "a cluster"), (Mode::Sentinel, "a Sentinel")] {
        let told = refused(&Server { mode: Some(mode), ..server(None) }).unwrap_err();
        assert!(told.contains(named) && told.contains(": name "), "{told}");
    }
    let forbids = Server { forbidden: Some("NOPERM set".to_owned()), ..server(None) };
    let told = refused(&forbids).unwrap_err();
    assert!(told.contains("NOPERM set") && told.contains(RIGHTS), "{told}");
}

/// Of an answer that nobody knows, nobody knows whether the name was won.
#[test]
fn a_takeover_is_won_by_the_answer_that_says_so_and_by_no_other() {
    let (record, standing) = (running(), running());
    let taken = |parts: &[Value]| taken_over(Value::Array(parts.to_vec()), &record);
    let won = Claimed::Won { fence: record.fence() };
    assert_eq!(taken(&[Value::Int(1)]).expect("an answer"), won);
    let found = taken(&[Value::Int(0), value(&standing), Value::Int(60_000)]).expect("an answer");
    assert!(matches!(found, Claimed::Found(found) if found.record == standing));
    for parts in [
        &[][..],
        &[Value::Int(0)],
        &[Value::Int(1), Value::Int(1)],
        &[Value::Int(1), value(&standing), Value::Int(60_000)],
    ] {
        assert!(taken(parts).is_err(), "{parts:?}");
    }
}
