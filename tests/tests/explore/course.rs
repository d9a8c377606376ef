//! What people read of a scenario.

use std::sync::Mutex;

use idem::testing::explore;
use idem::{Error, idempotent};

use crate::{Bank, caught};

#[idempotent(key = "charge:{order}", strategy = "setnx")]
async fn charge(order: u32, bank: &Bank) -> Result<u32, Error> {
    bank.charge(None);
    Ok(order)
}

/// As it is printed: a person has read it.
const CHARGED_TWICE: &str = "\
delivery 1: the process is killed after the body, before its result is stored
       0.0 s  delivery 1 to process A
       0.0 s  process A: claim: won, attempt 1
       0.0 s  the process is killed after the body, before its result is stored
       1.0 s  delivery 2 to process B
       1.0 s  process B: claim: in flight
       1.0 s  process B: answers Err, refused: in_flight
       5.0 s  delivery 3 to process B
       5.0 s  process B: claim: in flight
       5.0 s  process B: answers Err, refused: in_flight
      21.0 s  delivery 4 to process B
      21.0 s  process B: claim: in flight
      21.0 s  process B: answers Err, refused: in_flight
      85.0 s  delivery 5 to process B
      85.0 s  process B: claim: in flight
      85.0 s  process B: takeover: won, attempt 2
      85.0 s  process B: complete: done
      85.0 s  process B: answers Ok of attempt 2
      85.0 s  a duplicate comes after the answer
      85.0 s  delivery 6 to process B
      85.0 s  process B: claim: completed already
      85.0 s  process B: answers the stored Ok
";

#[test]
fn the_course_reads_as_a_timeline() {
    static SEEN: Mutex<String> = Mutex::new(String::new());
    caught(explore(|world| async move {
        let bank = Bank::default();
        world.deliver(|| charge(1, &bank)).await.unwrap();
        if bank.charges() != 1 {
            *SEEN.lock().unwrap() = world.to_string();
            panic!("charged twice");
        }
    }));
    let seen = SEEN.lock().unwrap().clone();
    assert_eq!(seen, CHARGED_TWICE);
}
