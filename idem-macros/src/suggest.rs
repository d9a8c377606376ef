//! "Did you mean": the nearest of some names.

/// What other libraries and other parts of this one call it.
#[rustfmt::skip]
const SYNONYMS: &[(&str, &[&str])] = &[
    ("key", &["idempotency_key", "cache_key", "event_key", "event_key_jmespath"]),
    ("strategy", &["backend", "storage", "persistence_store"]),
    ("ttl", &["expires", "expires_in", "expires_after", "expires_after_seconds", "expire", "expiry", "expiration", "retention",
        "window", "time", "time_to_live", "ttl_secs", "ttl_seconds", "ttl_ms", "max_age"]),
    ("lease", &["lease_ttl", "lease_time", "lease_duration", "lock_ttl", "lock_timeout"]),
    ("max_runtime", &["timeout"]),
    ("fingerprint", &["payload_validation_jmespath", "payload", "fields", "hash"]),
    ("wait", &["wait_timeout", "wait_for", "max_wait"]),
    ("on_duplicate", &["on_conflict", "on_replay"]),
    ("on_err", &["err", "error", "errors", "on_failure", "on_fail"]),
    ("on_outage", &["fail_open", "fail_closed"]),
    ("limit", &["attempts", "max_attempts"]),
    ("engine", &["idem"]),
    ("transition", &["from", "to"]),
    ("tx", &["transaction", "conn", "connection"]),
    ("setnx", &["redis", "valkey", "memory", "lock"]),
    ("count", &["incr", "counter"]),
    ("db", &["postgres", "mysql", "mariadb", "sqlite", "sql", "database", "transaction", "tx"]),
    ("token", &["jwt", "nonce"]),
    ("state", &["state_machine", "fsm"]),
    ("replay", &["return", "cached", "return_cached"]),
    ("reject", &["error", "fail", "conflict", "skip", "ignore"]),
    ("release", &["retry"]),
    ("run", &["open", "fail_open"]),
];

/// The candidate that `name` means, or that is nearest to it, if one is near enough.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    let lower = name.to_lowercase();
    let mut meant = SYNONYMS.iter().filter(|(_, others)| others.contains(&lower.as_str()));
    let named = |(meant, _): &(&str, _)| candidates.iter().find(|candidate| *candidate == meant);
    if let Some(candidate) = meant.find_map(named) {
        return Some(candidate);
    }
    let most = (name.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let far = distance(&name.to_lowercase(), &candidate.to_lowercase());
        let abbreviated = name.len() >= 3 && candidate.starts_with(name);
        let far = if abbreviated { far.min(most) } else { far };
        if far <= most && best.is_none_or(|(least, _)| far < least) {
            best = Some((far, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many characters to add, drop, change or swap with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (row, a) in from.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let mut least = (above[column] + usize::from(a != *b))
                .min(above[column + 1] + 1)
                .min(line[column] + 1);
            if column > 0 && previous == Some(*b) && to[column - 1] == a {
                least = least.min(before[column - 1] + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut above, line);
        previous = Some(a);
    }
    above[to.len()]
}

/// Names as a sentence lists them: `` `a`, `b` or `c` ``.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{list, nearest};

    #[test]
    fn one_slip_is_near() {
        let names = ["order", "user", "on_err"];
        assert_eq!(nearest("ordr", names), Some("order"));
        assert_eq!(nearest("usre", names), Some("user"));
        assert_eq!(nearest("onerr", names), Some("on_err"));
        assert_eq!(nearest("Order", names), Some("order"));
    }

    #[test]
    fn another_word_is_not() {
        assert_eq!(nearest("amount", ["order", "user"]), None);
        assert_eq!(nearest("x", ["id"]), None);
    }

    #[test]
    fn what_others_call_it_is_meant() {
        assert_eq!(nearest("timeout", ["ttl", "max_runtime"]), Some("max_runtime"));
        assert_eq!(nearest("Redis", ["setnx", "db"]), Some("setnx"));
        assert_eq!(nearest("to", ["tx", "transition"]), Some("transition"));
        assert_eq!(nearest("to", ["tx"]), Some("tx"));
        assert_eq!(nearest("timeout", ["order"]), None);
        assert_eq!(nearest("transaction", ["transition", "tx"]), Some("tx"));
        assert_eq!(nearest("transaction", ["setnx", "db"]), Some("db"));
    }

    #[test]
    fn the_nearest_wins_and_then_the_first() {
        assert_eq!(nearest("leas", ["least", "lease"]), Some("least"));
        assert_eq!(nearest("leases", ["least", "lease"]), Some("lease"));
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(list(["a"], "or"), "`a`");
        assert_eq!(list(["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
