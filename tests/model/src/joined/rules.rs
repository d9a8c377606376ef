//! What must hold of a call in its caller's transaction, and ways to get it wrong.

use idem::store::State;
use stateright::Property;

use super::{End, Joined, Phase, World};
use crate::records::Id;

/// A rule of calls in transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// No key has two effects, and no row is moved twice.
    Once,
    /// A key's result is committed with its effect, and its effect with the result.
    Together,
    /// The row's move is committed with the effect.
    MovesTogether,
    /// A duplicate gets a result whose effect is committed.
    ReplaysHappened,
    /// Whose own key is done gets the result of that, and is not told that the row is elsewhere.
    OwnResultFirst,
}

impl Rule {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Once,
        Self::Together,
        Self::MovesTogether,
        Self::ReplaysHappened,
        Self::OwnResultFirst,
    ];

    /// The rule in words: the name of its property.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Once => "an effect is committed once",
            Self::Together => "effect and result are committed together",
            Self::MovesTogether => "effect and move are committed together",
            Self::ReplaysHappened => "what is replayed has happened",
            Self::OwnResultFirst => "the same key is answered by its own result",
        }
    }
}

/// A rule that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The claim is committed before the body runs.
    CommitsTheClaimFirst,
    /// The result is committed after the effect.
    StoresAfterItsCommit,
    /// The result is not stored: what is committed is the claim.
    StoresNothing,
    /// The body writes on another connection.
    ActsOutside,
    /// An `Err` undoes the claim, and the caller commits what the body wrote.
    UndoesTheClaimAlone,
    /// An `Err` undoes what the body wrote, and the caller commits the claim.
    UndoesTheEffectAlone,
    /// Another's claim that is not committed is not in the way: there is no unique index.
    SeesNoLock,
    /// The row is moved whatever state it is in.
    MovesWhateverIsThere,
    /// The row's state is read, and the row moved in another step.
    ReadsBeforeItMoves,
    /// The row is looked at before the record.
    GuardsBeforeItAsks,
}

impl Mistake {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::CommitsTheClaimFirst,
        Self::StoresAfterItsCommit,
        Self::StoresNothing,
        Self::ActsOutside,
        Self::UndoesTheClaimAlone,
        Self::UndoesTheEffectAlone,
        Self::SeesNoLock,
        Self::MovesWhateverIsThere,
        Self::ReadsBeforeItMoves,
        Self::GuardsBeforeItAsks,
    ];

    /// The rule that a search finds broken first.
    #[must_use]
    pub fn breaks(self) -> Rule {
        match self {
            Self::CommitsTheClaimFirst
            | Self::StoresAfterItsCommit
            | Self::StoresNothing
            | Self::ActsOutside
            | Self::UndoesTheClaimAlone
            | Self::UndoesTheEffectAlone => Rule::Together,
            Self::SeesNoLock | Self::MovesWhateverIsThere | Self::ReadsBeforeItMoves => Rule::Once,
            Self::GuardsBeforeItAsks => Rule::OwnResultFirst,
        }
    }
}

impl Mistake {
    /// A small model in which it shows.
    #[must_use]
    pub fn model(self) -> Joined {
        match self {
            Self::SeesNoLock => Joined::db(&[0, 0]),
            _ => Joined::state(&[0, 0, 1]),
        }
        .with(self)
    }
}

impl World {
    fn breaks(&mut self, rule: Rule) {
        self.broken.get_or_insert(rule);
    }
}

impl Joined {
    /// A caller is answered with its key's result.
    pub(super) fn look_at_replay(&self, world: &mut World, at: usize) {
        if world.database.effects[self.keys[at]] == 0 {
            world.breaks(Rule::ReplaysHappened);
        }
    }

    /// A caller is told that the row is in another state.
    pub(super) fn look_at_refusal(&self, world: &mut World, at: usize) {
        if world.database.records[self.keys[at]].is_some() {
            world.breaks(Rule::OwnResultFirst);
        }
    }

    /// What must hold of what is committed.
    pub(super) fn judge(&self, world: &mut World) {
        let database = world.database;
        let effects: u8 = database.effects.iter().sum();
        let most = database.effects.iter().max().copied().unwrap_or_default();
        if most > 1 || self.moves && effects > 1 {
            world.breaks(Rule::Once);
        }
        let is_done = |id: Id| id.record().state() == Some(State::Completed);
        for (record, effects) in database.records.iter().zip(database.effects) {
            if record.is_some_and(is_done) != (effects > 0) || record.is_some_and(|it| !is_done(it))
            {
                world.breaks(Rule::Together);
            }
        }
        if self.moves && database.moved != (effects > 0) {
            world.breaks(Rule::MovesTogether);
        }
    }
}

/// The rules, and what a search must come by.
pub(super) fn properties() -> Vec<Property<Joined>> {
    fn ended(world: &World, end: End) -> bool {
        world.callers.iter().any(|caller| caller.phase == Phase::Over(end))
    }
    macro_rules! always {
        ($($rule:ident)*) => {
            vec![$(Property::always(Rule::$rule.name(), |_: &Joined, world: &World| {
                world.broken != Some(Rule::$rule)
            }),)*]
        };
    }
    let mut properties = always!(Once Together MovesTogether ReplaysHappened OwnResultFirst);
    properties.extend([
        Property::sometimes("a body runs", |_, world: &World| ended(world, End::Ran)),
        Property::sometimes("a result is replayed", |_, world: &World| ended(world, End::Replayed)),
        Property::sometimes("a transition is refused", |_, world: &World| {
            ended(world, End::Illegal)
        }),
    ]);
    properties
}
