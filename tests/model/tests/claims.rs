//! The rules hold in every state of the small models, and each mistake breaks the rule that it should.
//!
//! `tests/run --long` searches all of the large models, and so does `cargo run --release -p model`.

use model::claims::{Claims, Mistake, Token};
use model::large;
use model::search::search;

/// A life of one second, and clocks that are a second apart.
const TOKEN: Token = Token { behind: [0, 1, 0], life: 1, leeway: 1 };

/// Searches a model to its end: no rule is broken, and all that it is made for is reached.
#[track_caller]
fn holds(name: &str, model: Claims) {
    let search = search(model);
    println!("{name}: {search}");
    if let Some((rule, trace)) = search.broken {
        panic!("{name}: broken: {rule}\n{trace}");
    }
    assert!(search.missed.is_empty(), "{name}: not reached: {:?}", search.missed);
}

#[test]
fn setnx_keeps_its_rules_through_a_crash_and_a_repeated_request() {
    holds("setnx", Claims { renewals: 0, ..Claims::setnx(2) });
}

#[test]
fn setnx_keeps_its_rules_through_a_crash_and_a_renewal() {
    holds("setnx, renewed", Claims { repeats: 0, ..Claims::setnx(2) });
}

#[test]
fn followers_in_one_process_get_what_is_stored() {
    holds("setnx, one process", Claims { together: true, renewals: 0, ..Claims::setnx(2) });
}

#[test]
fn other_arguments_get_nothing() {
    let model = Claims { arguments: vec![1, 2], ..Claims::setnx(2) };
    holds("setnx, two requests", Claims { renewals: 0, repeats: 0, ..model });
}

#[test]
fn count_keeps_its_rules_at_its_limit() {
    holds("count, one attempt", Claims { renewals: 0, ..Claims::count(2, 1) });
}

#[test]
fn count_keeps_its_rules_below_its_limit() {
    holds("count, two attempts", Claims { repeats: 0, ..Claims::count(2, 2) });
}

#[test]
fn a_token_is_used_once_by_clocks_that_are_a_leeway_apart() {
    holds("token", Claims { repeats: 0, ..Claims::token(2, TOKEN) });
}

/// The smallest of them, or all.
#[test]
fn the_large_models_keep_their_rules() {
    let is_long = std::env::var_os("IDEM_TESTS_LONG").is_some();
    let models = large::models().into_iter();
    for (name, model) in
        models.filter(|(name, _)| is_long || *name == "count, 2 callers, 1 attempt")
    {
        holds(name, model);
    }
}

#[test]
fn each_mistake_breaks_its_rule() {
    for mistake in Mistake::ALL {
        let search = search(mistake.model());
        let (rule, trace) = search.caught(&mistake);
        let expected = mistake.breaks();
        assert!(expected.iter().any(|it| it.name() == rule), "{mistake:?}: {rule}\n{trace}");
    }
}
