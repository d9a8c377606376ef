//! State machines: the states of a row, and the transitions between them that are legal.
//!
//! An enum derives [`StateMachine`](macro@crate::StateMachine); what is here is what the derive
//! writes, and what asks it.

mod entity;
mod transition;

pub use entity::{EntityId, Id};
pub use transition::Transition;

/// The states of a row in a table of your own.
///
/// Made by `#[derive(StateMachine)]`, which checks the machine and is documented
/// [there](macro@crate::StateMachine).
///
/// ```
/// use idem::StateMachine;
///
/// #[derive(StateMachine, Debug, PartialEq)]
/// #[state(table = "orders", id = "id", column = "status")]
/// enum OrderStatus {
///     #[state(to(Paid))]
///     Pending,
///     Paid,
/// }
///
/// // What a query has read:
/// let status = "pending";
/// assert_eq!(OrderStatus::from_name(status), Some(OrderStatus::Pending));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no state machine",
    label = "no state of a machine",
    note = "derive it on an enum without fields: `#[derive(idem::StateMachine)]` with `#[state(table = \
            \"orders\", id = \"id\", column = \"status\")]`"
)]
pub trait StateMachine: Sized + 'static {
    /// The table, its columns, the states and the edges.
    const MACHINE: &'static Machine;

    /// How the state is stored.
    fn name(&self) -> &'static str;

    /// The state that is stored so.
    fn from_name(name: &str) -> Option<Self>;
}

/// A machine: the table, its columns, the states and the edges.
#[derive(Debug)]
pub struct Machine {
    name: &'static str,
    table: &'static str,
    id: &'static str,
    column: &'static str,
    pg_type: Option<&'static str>,
    states: &'static [State],
}

impl Machine {
    /// A machine that keeps the rules: the derive has checked them.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        table: &'static str,
        id: &'static str,
        column: &'static str,
        pg_type: Option<&'static str>,
        states: &'static [State],
    ) -> Self {
        Self { name, table, id, column, pg_type, states }
    }

    /// The machine that a state belongs to.
    #[doc(hidden)]
    #[must_use]
    pub const fn of<M: StateMachine>(_: &M) -> &'static Self {
        M::MACHINE
    }

    /// The enum's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The table, perhaps with its schema before it.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The column that an entity is looked up by.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The column that holds the state.
    #[must_use]
    pub const fn column(&self) -> &'static str {
        self.column
    }

    /// The type of that column, where it is an enum of Postgres.
    #[must_use]
    pub const fn pg_type(&self) -> Option<&'static str> {
        self.pg_type
    }

    /// How the states are stored, the start first.
    pub fn states(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.states.iter().map(|state| state.name)
    }

    /// The transitions that are legal, by how their states are stored.
    pub fn edges(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let states = self.states;
        states
            .iter()
            .flat_map(move |from| from.ways.iter().map(move |way| (from.name, states[way.to].name)))
    }

    /// Whether an entity can come back to a state that it has left.
    #[must_use]
    pub fn is_cyclic(&self) -> bool {
        self.states.iter().any(|state| state.ways.iter().any(|way| way.round.is_some()))
    }

    /// The edge between the states of these discriminants, or what is to be said of there being
    /// none.
    ///
    /// # Errors
    ///
    /// The transitions that are legal instead.
    #[doc(hidden)]
    pub const fn edge(&'static self, from: i128, to: i128) -> Result<Edge, &'static str> {
        self.between(self.position(from), self.position(to))
    }

    /// The same between states by how they are stored.
    fn named(&'static self, from: &str, to: &str) -> Result<Edge, &'static str> {
        let position = |name| self.states.iter().position(|state| state.name == name);
        match (position(from), position(to)) {
            (Some(from), Some(to)) => self.between(from, to),
            _ => Err("a state has a name that its machine does not know"),
        }
    }

    const fn between(&'static self, from: usize, to: usize) -> Result<Edge, &'static str> {
        let ways = self.states[from].ways;
        let mut way = 0;
        while way < ways.len() {
            if ways[way].to == to {
                return Ok(Edge { machine: self, from, way });
            }
            way += 1;
        }
        Err(self.states[from].undeclared)
    }

    const fn position(&self, discriminant: i128) -> usize {
        let mut at = 0;
        while self.states[at].discriminant != discriminant {
            at += 1;
        }
        at
    }
}

/// A state of a [`Machine`], as the derive writes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct State {
    name: &'static str,
    discriminant: i128,
    ways: &'static [Way],
    undeclared: &'static str,
}

impl State {
    /// `undeclared`: what is said of a transition from here that there is not.
    #[must_use]
    pub const fn new(
        name: &'static str,
        discriminant: i128,
        ways: &'static [Way],
        undeclared: &'static str,
    ) -> Self {
        Self { name, discriminant, ways, undeclared }
    }
}

/// A way out of a [`State`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Way {
    to: usize,
    round: Option<&'static str>,
}

impl Way {
    /// `round`: where the way lies on a cycle, what is said of a key that is the same each time.
    #[must_use]
    pub const fn new(to: usize, round: Option<&'static str>) -> Self {
        Self { to, round }
    }
}

/// A transition that the machine declares.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    machine: &'static Machine,
    from: usize,
    way: usize,
}

impl Edge {
    /// What is said of a key that is the same in each round, if the edge lies on a cycle.
    #[must_use]
    pub const fn round(self) -> Option<&'static str> {
        self.machine.states[self.from].ways[self.way].round
    }

    /// The machine that declares it.
    #[must_use]
    pub const fn machine(self) -> &'static Machine {
        self.machine
    }

    /// How the state is stored that it starts from.
    #[must_use]
    pub fn from(self) -> &'static str {
        self.machine.states[self.from].name
    }

    /// How the state is stored that it leads to.
    #[must_use]
    pub fn to(self) -> &'static str {
        self.machine.states[self.machine.states[self.from].ways[self.way].to].name
    }
}

#[cfg(test)]
mod tests {
    use super::{Machine, State, StateMachine, Way};

    #[derive(crate::StateMachine, Debug, PartialEq)]
    #[state(table = "doors", id = "id", column = "state")]
    #[repr(i8)]
    enum Door {
        #[state(to(Shut))]
        Open = -7,
        #[state(to(Open, Locked))]
        Shut,
        #[state(name = "walled up")]
        Locked = 100,
    }

    #[test]
    fn a_machine_knows_its_states_and_edges() {
        let machine = Machine::of(&Door::Open);
        assert_eq!(machine.states().collect::<Vec<_>>(), ["open", "shut", "walled up"]);
        let edges = [("open", "shut"), ("shut", "open"), ("shut", "walled up")];
        assert_eq!(machine.edges().collect::<Vec<_>>(), edges);
        assert!(machine.is_cyclic());
        assert_eq!(machine.name(), "Door");
        assert_eq!(Door::from_name("walled up"), Some(Door::Locked));
        assert_eq!(Door::from_name("Locked"), None);
    }

    #[test]
    fn an_edge_is_found_by_discriminants() {
        const SHUT: super::Edge = match Door::MACHINE.edge(Door::Open as i128, Door::Shut as i128) {
            Ok(edge) => edge,
            Err(_) => panic!("it is declared"),
        };
        assert_eq!((SHUT.from(), SHUT.to()), ("open", "shut"));
        assert!(SHUT.round().is_some_and(|told| told.contains("`Open → Shut → Open`")));
        let walled_up = Door::MACHINE.edge(-6, 100).unwrap();
        assert_eq!((walled_up.to(), walled_up.round()), ("walled up", None));
        let told = Door::MACHINE.edge(-7, 100).unwrap_err();
        assert_eq!(told, "`Door` declares no such transition: `Open` leads to `Shut`");
    }

    #[test]
    fn a_machine_without_a_way_back_has_no_cycle() {
        const LINE: Machine = Machine::new(
            "Line",
            "t",
            "id",
            "c",
            None,
            &[State::new("a", 0, &[Way::new(1, None)], ""), State::new("b", 1, &[], "")],
        );
        assert!(!LINE.is_cyclic());
    }
}
