//! Claim, effect and result in one transaction: the rules hold in every state, and each mistake breaks
//! the rule that it should.

use model::joined::{Joined, Mistake};
use model::search::search;

/// Searches a model to its end: no rule is broken, and everything is reached but this.
#[track_caller]
fn holds(name: &str, model: Joined, missed: &[&str]) {
    let search = search(model);
    println!("{name}: {search}");
    if let Some((rule, trace)) = search.broken {
        panic!("{name}: broken: {rule}\n{trace}");
    }
    assert_eq!(search.missed, missed, "{name}: not reached");
}

#[test]
fn an_effect_is_committed_with_its_claim_and_its_result() {
    let no_row = ["a transition is refused"];
    holds("tx, one key", Joined::db(&[0, 0, 0]), &no_row);
    holds("tx, two keys", Joined::db(&[0, 0, 1]), &no_row);
}

#[test]
fn a_row_is_moved_once_and_by_one_key() {
    holds("state", Joined::state(&[0, 0, 1]), &[]);
}

#[test]
fn each_mistake_breaks_its_rule() {
    for mistake in Mistake::ALL {
        let search = search(mistake.model());
        let (rule, trace) = search.caught(&mistake);
        assert_eq!(rule, mistake.breaks().name(), "{mistake:?}\n{trace}");
    }
}
