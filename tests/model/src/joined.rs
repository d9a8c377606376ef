//! Claim, effect and result in the caller's own transaction: `db` with `tx`, and `state`.
//!
//! A transaction is what it has written so far; a commit makes all of it true in one step, and a crash or
//! an undo leaves nothing of it. What another has written and not committed can't be seen, and is in the
//! way: of a key by its unique index, of a row by its lock.

mod rules;

use idem::__protocol::{Answer, Call, Next, completed};
use idem::Plan;
use idem::store::{Claim, ClaimStep, Claimed, Name, Standing};
use stateright::{Model, Property};

pub use rules::{Mistake, Rule};

use crate::records::Id;

/// How many keys there are.
const KEYS: usize = 2;

/// The model, and its bounds.
#[derive(Debug, Clone)]
pub struct Joined {
    /// How the key is claimed.
    pub plan: Plan,
    /// Whether a row goes from one state to another, once: `state`.
    pub moves: bool,
    /// The key that each caller uses. As many callers as keys here.
    pub keys: Vec<usize>,
    /// How often each caller is called: a message is delivered again when its end is not known.
    pub calls: u8,
    /// How many processes crash, in all.
    pub crashes: u8,
    /// The rule that is broken on purpose.
    pub mistake: Option<Mistake>,
}

impl Joined {
    /// Callers with these keys: `db` with `tx`.
    #[must_use]
    pub fn db(keys: &[usize]) -> Self {
        Self {
            plan: Plan::db(),
            moves: false,
            keys: keys.to_vec(),
            calls: 3,
            crashes: 2,
            mistake: None,
        }
    }

    /// The same, and each call moves the one row: `state`.
    #[must_use]
    pub fn state(keys: &[usize]) -> Self {
        Self { plan: Plan::state(), moves: true, ..Self::db(keys) }
    }

    /// The same with a mistake in it.
    #[must_use]
    pub fn with(self, mistake: Mistake) -> Self {
        Self { mistake: Some(mistake), ..self }
    }

    fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn call(&self, caller: usize, call: u8) -> Call {
        let owner = u8::try_from(caller).expect("few callers") * 16 + call;
        Call::new(self.plan, owner, Some(1))
    }
}

/// What is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Database {
    /// The record of each key.
    pub records: [Option<Id>; KEYS],
    /// How many effects each key had.
    pub effects: [u8; KEYS],
    /// Whether the row has been moved.
    pub moved: bool,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// What is committed.
    pub database: Database,
    /// Who calls.
    pub callers: Vec<Caller>,
    /// How many crashes are left.
    pub crashes: u8,
    /// The rule that was broken.
    pub broken: Option<Rule>,
}

/// One caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Which of its calls it makes.
    pub call: u8,
    /// Where that is.
    pub phase: Phase,
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It has not begun.
    Idle,
    /// It has a transaction.
    Open(Transaction),
    /// Its transaction is committed, and it has not heard so.
    Committed,
    /// It has its answer.
    Over(End),
}

/// How a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Its own body's value.
    Ran,
    /// The stored one.
    Replayed,
    /// The row is not in the state that it would move it from.
    Illegal,
    /// Another error, or none of its calls has heard an end.
    Refused,
}

/// What a transaction has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Transaction {
    /// How far its call is.
    pub stage: Stage,
    /// The call's record.
    pub record: Option<Id>,
    /// Whether the row was moved.
    pub moved: bool,
    /// Whether the body has had its effect.
    pub effect: bool,
}

/// How far a call is in its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stage {
    /// It has done nothing.
    #[default]
    Begun,
    /// It has the key.
    Claimed,
    /// It has the right to run.
    Admitted,
    /// Its body has had its effect.
    Acted,
    /// Its result is stored.
    Stored,
    /// Its body has failed, and what it did is undone.
    Undone,
}

/// What can happen next, to the caller of this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It begins a transaction.
    Begin(usize),
    /// It asks for the key.
    Claim(usize),
    /// It moves the row, if that is to be moved.
    Guard(usize),
    /// Its body has its effect.
    Act(usize),
    /// Its body fails.
    Fail(usize),
    /// Its result is stored.
    Store(usize),
    /// It commits.
    Commit(usize),
    /// It hears that it has.
    Hear(usize),
    /// Its process dies.
    Crash(usize),
}

impl Model for Joined {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let caller = Caller { call: 0, phase: Phase::Idle };
        vec![World {
            database: Database::default(),
            callers: vec![caller; self.keys.len()],
            crashes: self.crashes,
            broken: None,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if world.broken.is_some() {
            return;
        }
        for (at, caller) in world.callers.iter().enumerate() {
            match caller.phase {
                Phase::Idle => steps.push(Step::Begin(at)),
                Phase::Open(transaction) => match transaction.stage {
                    Stage::Begun => steps.push(Step::Claim(at)),
                    Stage::Claimed => steps.push(Step::Guard(at)),
                    Stage::Admitted => steps.extend([Step::Act(at), Step::Fail(at)]),
                    Stage::Acted => steps.extend([Step::Store(at), Step::Fail(at)]),
                    Stage::Stored | Stage::Undone => steps.push(Step::Commit(at)),
                },
                Phase::Committed => steps.push(Step::Hear(at)),
                Phase::Over(_) => continue,
            }
            if world.crashes > 0 && caller.phase != Phase::Idle {
                steps.push(Step::Crash(at));
            }
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        let (Step::Begin(at)
        | Step::Claim(at)
        | Step::Guard(at)
        | Step::Act(at)
        | Step::Fail(at)
        | Step::Store(at)
        | Step::Commit(at)
        | Step::Hear(at)
        | Step::Crash(at)) = step;
        let phase = match (step, world.callers[at].phase) {
            (Step::Begin(_), _) => Phase::Open(Transaction::default()),
            (Step::Crash(_), _) => {
                next.crashes -= 1;
                self.called_again(&mut next, at)
            }
            (Step::Hear(_), _) => Phase::Over(End::Ran),
            (step, Phase::Open(transaction)) => match step {
                Step::Claim(_) => self.claim(&mut next, at, transaction),
                Step::Guard(_) => self.guard(&mut next, at, transaction),
                Step::Act(_) => self.act(&mut next, at, transaction),
                Step::Fail(_) => self.fail(transaction),
                Step::Store(_) => Phase::Open(self.stored(transaction)),
                _ => self.commit(&mut next, at, transaction),
            },
            (step, phase) => unreachable!("{step:?} in {phase:?}"),
        };
        next.callers[at].phase = phase;
        self.judge(&mut next);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::properties()
    }
}

impl Joined {
    /// What another's open transaction is in the way of.
    fn is_locked(world: &World, at: usize, locks: impl Fn(usize, &Transaction) -> bool) -> bool {
        world.callers.iter().enumerate().any(|(other, caller)| {
            let Phase::Open(transaction) = &caller.phase else { return false };
            other != at && locks(other, transaction)
        })
    }

    /// A call that has no answer, or one that says "later", is made again as long as there are any.
    fn called_again(&self, world: &mut World, at: usize) -> Phase {
        if world.callers[at].call + 1 >= self.calls {
            return Phase::Over(End::Refused);
        }
        world.callers[at].call += 1;
        Phase::Idle
    }

    fn claim(&self, world: &mut World, at: usize, open: Transaction) -> Phase {
        let key = self.keys[at];
        let held = Self::is_locked(world, at, |other, transaction| {
            self.keys[other] == key && transaction.record.is_some()
        });
        if held && !self.has(Mistake::SeesNoLock) {
            return self.called_again(world, at);
        }
        if self.has(Mistake::GuardsBeforeItAsks) && self.moves && world.database.moved {
            return self.is_illegal(world, at);
        }
        let (call, name) = (self.call(at, world.callers[at].call), Name::new("key"));
        let record = call.record(None);
        let there = world.database.records[key].map(Id::record);
        let standing = there.as_ref().and_then(|it| Standing::new(it, std::time::Duration::ZERO));
        match Claim::new(&name, &record, None).step(standing) {
            ClaimStep::Write { .. } => {
                let record = Id::of(&record);
                if self.has(Mistake::CommitsTheClaimFirst) {
                    world.database.records[key] = Some(record);
                }
                Phase::Open(Transaction { stage: Stage::Claimed, record: Some(record), ..open })
            }
            ClaimStep::Answer(found @ Claimed::Found(_)) => {
                let (next, _) = call.heard(None, &record, found, std::time::Duration::ZERO);
                match next {
                    Next::Answer(Answer::Replay) => {
                        self.look_at_replay(world, at);
                        Phase::Over(End::Replayed)
                    }
                    _ => self.called_again(world, at),
                }
            }
            step => unreachable!("the rules answer nothing else: {step:?}"),
        }
    }

    fn guard(&self, world: &mut World, at: usize, open: Transaction) -> Phase {
        let admitted = Transaction { stage: Stage::Admitted, moved: self.moves, ..open };
        if !self.moves {
            return Phase::Open(admitted);
        }
        let locked = Self::is_locked(world, at, |_, transaction| transaction.moved);
        if locked && !self.has(Mistake::ReadsBeforeItMoves) {
            // With the claim undone, others come first.
            return self.called_again(world, at);
        }
        if world.database.moved && !self.has(Mistake::MovesWhateverIsThere) {
            return self.is_illegal(world, at);
        }
        Phase::Open(admitted)
    }

    fn is_illegal(&self, world: &mut World, at: usize) -> Phase {
        self.look_at_refusal(world, at);
        Phase::Over(End::Illegal)
    }

    fn act(&self, world: &mut World, at: usize, open: Transaction) -> Phase {
        let acted = Transaction { stage: Stage::Acted, effect: true, ..open };
        if self.has(Mistake::ActsOutside) {
            world.database.effects[self.keys[at]] += 1;
            return Phase::Open(Transaction { effect: false, ..acted });
        }
        Phase::Open(acted)
    }

    /// The claim and what the body wrote are undone; the caller may commit what else it has.
    fn fail(&self, open: Transaction) -> Phase {
        let undone = Transaction { stage: Stage::Undone, ..Transaction::default() };
        Phase::Open(match self.mistake {
            Some(Mistake::UndoesTheClaimAlone) => Transaction { effect: open.effect, ..undone },
            Some(Mistake::UndoesTheEffectAlone) => Transaction { record: open.record, ..undone },
            _ => undone,
        })
    }

    fn stored(&self, open: Transaction) -> Transaction {
        let stored = Transaction { stage: Stage::Stored, ..open };
        if self.has(Mistake::StoresNothing) {
            return stored;
        }
        let made = open.record.map(|running| Id::of(&completed(&running.record())));
        Transaction { record: made, ..stored }
    }

    fn commit(&self, world: &mut World, at: usize, done: Transaction) -> Phase {
        let key = self.keys[at];
        if done.record.is_some() {
            world.database.records[key] = done.record;
        }
        world.database.effects[key] += u8::from(done.effect);
        world.database.moved |= done.moved;
        if done.stage == Stage::Undone {
            return self.called_again(world, at);
        }
        if self.has(Mistake::StoresAfterItsCommit) && done.effect {
            // What is left to do is a transaction of its own.
            world.database.records[key] = None;
            return Phase::Open(Transaction { effect: false, moved: false, ..done });
        }
        Phase::Committed
    }
}
