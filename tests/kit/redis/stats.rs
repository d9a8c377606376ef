use std::collections::BTreeMap;

/// What a connection sends when it is made, or what looks at the server: no part of a call.
const SET_UP: &[&str] = &["auth", "client", "command", "config", "hello", "info", "ping", "select"];

/// How often a server was asked for each command, by `INFO commandstats`: `set`, `evalsha`, …
///
/// What a script does inside counts too, beside its `evalsha`: for what clients sent, see
/// [`Monitor`](super::Monitor). Commands of a connection's set-up are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandStats(BTreeMap<String, u64>);

impl CommandStats {
    /// Reads `INFO commandstats`.
    pub(super) fn parse(info: &str) -> Self {
        let calls = |line: &str| {
            let (name, numbers) = line.strip_prefix("cmdstat_")?.split_once(':')?;
            let calls = numbers.strip_prefix("calls=")?.split(',').next()?.parse().ok()?;
            Some((name.to_owned(), calls))
        };
        let counted = info.lines().filter_map(calls);
        Self(counted.filter(|(name, _)| !is_set_up(name)).collect())
    }

    /// How often the command was called; the name in lower case, a subcommand as
    /// `script|load`.
    #[must_use]
    pub fn calls(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// How often any was.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, calls)| (&**name, *calls))
    }

    /// What was called since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let grown = self.0.iter().map(|(n, calls)| (n.clone(), calls - earlier.calls(n)));
        Self(grown.filter(|(_, calls)| *calls > 0).collect())
    }
}

/// Whether a command, in whatever case and with or without its subcommand, is one of a
/// connection's set-up.
pub(super) fn is_set_up(name: &str) -> bool {
    let container = name.split('|').next().unwrap_or_default();
    SET_UP.iter().any(|set_up| set_up.eq_ignore_ascii_case(container))
}
