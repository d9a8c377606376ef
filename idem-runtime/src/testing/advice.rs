//! What people are told of a scenario that ended badly: its course, the guarantee that it falls
//! under, and what would help.

use super::course::Course;
use super::scenario::{Fault, Moment, Scenario, Step};

/// The course, the line of the README's table, and the remedies.
pub(super) fn on(course: &Course) -> String {
    let (guarantee, remedies) = match course.scenario() {
        None => of_a_duplicate(),
        Some(_) if course.has_database() && course.runs() < 2 => of_a_transaction(),
        Some(scenario) => of(scenario, course.runs()),
    };
    let remedies: Vec<_> = remedies.iter().map(|remedy| format!("  - {remedy}")).collect();
    format!(
        "\nidem::testing: this went wrong\n\n{course}\nThe guarantee: {guarantee}\nWhat would help:\n{}\n",
        remedies.join("\n"),
    )
}

const DOWNSTREAM: &str = "give the other system `idem::attempt().downstream_key(\"…\")`, which is the same for \
                          every attempt, if it dedupes on a key";
const TX: &str = "if the effect is in your own database: `strategy = \"db\", tx = …`, where claim, effect and \
                  result commit together";
const COUNT: &str = "rather not at all than twice: `strategy = \"count\"`, which never starts more attempts \
                     than its `limit`, crashes included";
const HOLD: &str = "`on_err = \"hold\"` where an `Err` leaves open whether the effect took place";
const FENCE: &str = "let the other system refuse an older `idem::attempt().fence()`";
const IN_TX: &str =
    "let everything that must happen once be writes on the transaction that the function is given";
const OUTBOX: &str = "write what is to be sent into a table of the same transaction, and send it from there (an outbox)";
const INSIDE: &str = "do everything that must happen once inside of the guarded function";

type Told = (&'static str, Vec<&'static str>);

fn of_a_duplicate() -> Told {
    (
        "a completed duplicate gets the stored result, and its body does not run; an `Err` frees the \
         key, and the next delivery runs again",
        vec![INSIDE, HOLD],
    )
}

fn of_a_transaction() -> Told {
    (
        "with `tx` claim, writes and result commit together, or not at all; what the body has done \
         elsewhere is not undone with them",
        vec![IN_TX, OUTBOX, DOWNSTREAM],
    )
}

fn of(scenario: Scenario, runs: u32) -> Told {
    if runs < 2 {
        return ("one live lease at a time, one stored result; the body ran once", vec![INSIDE]);
    }
    match (scenario.fault, scenario.point.moment) {
        (Fault::Pause, _) => (
            "a paused owner overlaps its successor until it wakes: one result is stored, and the body \
             may have run in both",
            vec![DOWNSTREAM, FENCE, TX],
        ),
        (_, Moment::Before(Step::Release) | Moment::After(Step::Release)) => (
            "an `Err` frees the key, and the next delivery runs the body again",
            vec![HOLD, DOWNSTREAM],
        ),
        _ => (
            "crash inside the body: the next call takes over when the lease has lapsed, and runs the \
             body again",
            vec![DOWNSTREAM, TX, COUNT],
        ),
    }
}
