//! Every option: its name, what value it takes, and which strategies it is for.
//!
//! A new option is a row, a new strategy a variant of [`Strategy`] named in the rows that serve it.
//! Unknown names, wrong values, repeats and options that are foreign to the strategy all fall out of
//! the table.

/// How the right to run is won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Setnx,
    Count,
    Db,
    Token,
    State,
}

impl Strategy {
    pub(crate) const ALL: &[Self] = &[Self::Setnx, Self::Count, Self::Db, Self::Token, Self::State];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Setnx => "setnx",
            Self::Count => "count",
            Self::Db => "db",
            Self::Token => "token",
            Self::State => "state",
        }
    }
}

/// Which option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionName {
    Key,
    Strategy,
    Ttl,
    Lease,
    MaxRuntime,
    Fingerprint,
    Wait,
    OnDuplicate,
    OnErr,
    OnCancel,
    Limit,
    Token,
    Store,
    Engine,
    MapErr,
    Codec,
    OnOutage,
    Transition,
    Entity,
    Tx,
    Crate,
}

/// What an option's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string literal.
    Text,
    /// A string literal that is one of these words.
    Word(&'static [&'static str]),
    /// The same, or a path to a function.
    WordOrPath(&'static [&'static str]),
    /// A string literal that is a duration.
    Duration,
    /// A whole number of attempts.
    Limit,
    /// A path to a function.
    Function,
    /// A path to a crate.
    Module,
    Type,
    Expr,
    /// A name, its fields, and methods without arguments.
    Place,
    /// The name of a parameter.
    Parameter,
    /// `name(place, …)`, or `name = "off"`.
    Places,
    /// Two states: `A => B`.
    Edge,
}

impl Kind {
    /// The words that a value can be.
    pub(crate) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Word(words) | Self::WordOrPath(words) => words,
            Self::Places => &["off"],
            _ => &[],
        }
    }
}

/// What is known of an option.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) option: OptionName,
    /// As it is written.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The strategies that use it.
    pub(crate) strategies: &'static [Strategy],
    /// How it is written, for the messages.
    pub(crate) example: &'static str,
}

const ALL: &[Strategy] = Strategy::ALL;
/// Those whose claim has a lease: a transition is claimed in its caller's transaction.
const LEASED: &[Strategy] = &[Strategy::Setnx, Strategy::Count, Strategy::Db, Strategy::Token];

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    row(OptionName::Key, "key", Kind::Text, ALL, "key = \"charge:{order_id}\""),
    row(OptionName::Strategy, "strategy", Kind::Word(&["setnx", "count", "db", "token", "state"]), ALL, "strategy = \"setnx\""),
    row(OptionName::Ttl, "ttl", Kind::Duration, ALL, "ttl = \"24h\""),
    row(OptionName::Lease, "lease", Kind::Duration, LEASED, "lease = \"30s\""),
    row(OptionName::MaxRuntime, "max_runtime", Kind::Duration, LEASED, "max_runtime = \"15m\""),
    row(OptionName::Fingerprint, "fingerprint", Kind::Places, ALL, "fingerprint(amount, to.iban)"),
    row(OptionName::Wait, "wait", Kind::Duration, ALL, "wait = \"5s\""),
    row(OptionName::OnDuplicate, "on_duplicate", Kind::Word(&["replay", "reject"]), ALL, "on_duplicate = \"reject\""),
    row(OptionName::OnErr, "on_err", Kind::WordOrPath(&["release", "hold", "store"]), LEASED, "on_err = \"hold\""),
    row(OptionName::OnCancel, "on_cancel", Kind::Word(&["hold", "finish"]), LEASED, "on_cancel = \"finish\""),
    row(OptionName::Limit, "limit", Kind::Limit, &[Strategy::Count], "limit = 3"),
    row(OptionName::Token, "token", Kind::Place, &[Strategy::Token], "token = token"),
    row(OptionName::Store, "store", Kind::Word(&["kv", "db"]), &[Strategy::Token], "store = \"db\""),
    row(OptionName::Engine, "engine", Kind::Expr, ALL, "engine = state.idem"),
    row(OptionName::MapErr, "map_err", Kind::Function, ALL, "map_err = PayError::guard"),
    row(OptionName::Codec, "codec", Kind::Type, ALL, "codec = MyCodec"),
    row(OptionName::OnOutage, "on_outage", Kind::Word(&["fail", "run"]), &[Strategy::Setnx], "on_outage = \"run\""),
    row(OptionName::Transition, "transition", Kind::Edge, &[Strategy::State], "transition = OrderStatus::Pending => OrderStatus::Paid"),
    row(OptionName::Entity, "entity", Kind::Expr, &[Strategy::State], "entity = order_id"),
    row(OptionName::Tx, "tx", Kind::Parameter, &[Strategy::Db, Strategy::State], "tx = tx"),
    row(OptionName::Crate, "crate", Kind::Module, ALL, "crate = shop::idem"),
];

const fn row(
    option: OptionName,
    name: &'static str,
    kind: Kind,
    strategies: &'static [Strategy],
    example: &'static str,
) -> Row {
    Row { option, name, kind, strategies, example }
}

/// The options that a strategy can't be without, beside `key`.
const NEEDED: &[(Strategy, &[OptionName])] = &[
    (Strategy::Token, &[OptionName::Token]),
    (Strategy::State, &[OptionName::Transition, OptionName::Entity, OptionName::Tx]),
];

impl Row {
    /// The options that a strategy can't be without, beside `key`.
    pub(crate) fn needed_for(strategy: Strategy) -> impl Iterator<Item = &'static Self> {
        let needed = NEEDED.iter().filter(move |(user, _)| *user == strategy);
        let needed = needed.flat_map(|(_, names)| *names);
        needed.filter_map(|name| TABLE.iter().find(|row| row.option == *name))
    }

    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.name == name)
    }

    /// What is wrong with this option beside a strategy that does not use it.
    pub(crate) fn foreign_to(&self, strategy: Strategy) -> Option<String> {
        if self.strategies.contains(&strategy) {
            return None;
        }
        let users = self.strategies.iter().map(|user| user.name());
        // Without `tx`, the transaction that it names would be the next mistake.
        let db = if self.option == OptionName::Tx { "write `strategy = \"db\"`, or " } else { "" };
        Some(format!(
            "strategy `\"{}\"` does not use `{}`, which is for {}: {db}remove it",
            strategy.name(),
            self.name,
            crate::suggest::list(users, "and"),
        ))
    }

    /// What is wrong with this option beside `tx`.
    pub(crate) fn foreign_in_transaction(&self) -> Option<String> {
        let rule = match self.option {
            OptionName::Lease => "a claim in a transaction lasts as long as that does",
            OptionName::MaxRuntime => {
                "a call in a transaction is undone when it is dropped, as by `tokio::time::timeout`"
            }
            OptionName::OnErr => "with `tx` an `Err` undoes the claim and what the body wrote",
            OptionName::OnCancel => "with `tx` a call that is dropped is undone",
            _ => return None,
        };
        Some(format!("{rule}, so there is no `{}`: remove it", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, OptionName, Row, Strategy, TABLE};

    #[test]
    fn each_option_has_one_row() {
        for (at, row) in TABLE.iter().enumerate() {
            let rest = &TABLE[at + 1..];
            assert!(rest.iter().all(|other| other.option != row.option && other.name != row.name));
            assert!(row.example.starts_with(row.name), "{}", row.name);
        }
    }

    #[test]
    fn the_strategies_are_the_words_of_their_option() {
        let row = Row::of("strategy").expect("the option exists");
        let names: Vec<_> = Strategy::ALL.iter().map(|strategy| strategy.name()).collect();
        assert!(matches!(row.kind, Kind::Word(words) if words == names));
    }

    #[test]
    fn an_option_is_foreign_to_a_strategy_that_its_row_does_not_name() {
        let row = Row {
            option: OptionName::Wait,
            name: "tries",
            kind: Kind::Text,
            strategies: &[],
            example: "",
        };
        assert!(row.foreign_to(Strategy::Setnx).is_some_and(|told| told.contains("`tries`")));
    }
}
