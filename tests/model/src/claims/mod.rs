//! One record, and the callers that claim, renew and settle it by messages.
//!
//! A message stays in the net until it is delivered, which may be never. A caller that gets no answer
//! sends a copy, and the first may land at any time after, or gives up. Time is in ticks of a second; a
//! lease is one and a half, so that there is a moment at which its owner has just stopped to believe
//! in it and the store has not yet let it lapse, and none to spare between the two.

mod caller;
mod mistake;
mod rules;
mod store;

use std::time::Duration;

use idem::__protocol::Call;
use idem::Plan;
use stateright::{Model, Property};

pub use caller::{Caller, End, Phase};
pub use mistake::Mistake;
pub use rules::{Past, Rule};
pub use store::{Message, Op, Reply, Standing};

/// A lease, in the milliseconds of the store's clock.
pub const LEASE: Duration = Duration::from_millis(1500);
/// A retention, and where attempts are counted the window.
pub const RETENTION: Duration = Duration::from_secs(3);

/// A use of one token: when it was issued, by whose clock, and how long it lives.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// How far behind the right time each caller's clock is, in ticks; no two differ by more than
    /// the leeway.
    pub behind: [u8; 3],
    /// Seconds from its issue to its end.
    pub life: u8,
    /// Seconds that are given to clocks.
    pub leeway: u8,
}

/// The model, and its bounds.
#[derive(Debug, Clone)]
pub struct Claims {
    /// How the key is claimed.
    pub plan: Plan,
    /// How many attempts a window has, where they are counted.
    pub limit: Option<u32>,
    /// The arguments of each caller, by number. As many callers as arguments.
    pub arguments: Vec<u8>,
    /// How many calls each caller makes, one after the other, while none has a result.
    pub calls: Vec<u8>,
    /// How many processes crash, at most, in all.
    pub crashes: u8,
    /// How many requests are sent again, in all.
    pub repeats: u8,
    /// How many times a lease is renewed while a body runs, in all.
    pub renewals: u8,
    /// Whether the first two callers are in one process, so that the second follows the first.
    pub together: bool,
    /// The token that the calls bring along.
    pub token: Option<Token>,
    /// The rule that is broken on purpose.
    pub mistake: Option<Mistake>,
}

impl Claims {
    /// So many callers of one request, one call each: `setnx`, and `db` without `tx`.
    #[must_use]
    pub fn setnx(callers: usize) -> Self {
        Self::of(Plan::setnx(), callers)
    }

    /// The same where attempts are counted.
    #[must_use]
    pub fn count(callers: usize, limit: u32) -> Self {
        Self { limit: Some(limit), ..Self::of(Plan::count().limit(limit), callers) }
    }

    /// The same for the one use of a token.
    #[must_use]
    pub fn token(callers: usize, token: Token) -> Self {
        Self { token: Some(token), ..Self::of(Plan::token(), callers) }
    }

    fn of(plan: Plan, callers: usize) -> Self {
        Self {
            plan: plan.ttl(RETENTION).lease(LEASE),
            limit: None,
            arguments: vec![1; callers],
            calls: vec![1; callers],
            crashes: 1,
            repeats: 1,
            renewals: 1,
            together: false,
            token: None,
            mistake: None,
        }
    }

    /// The same with a mistake in it.
    #[must_use]
    pub fn with(self, mistake: Mistake) -> Self {
        Self { mistake: Some(mistake), ..self }
    }

    /// Whether the caller's token is good now, if it needs one.
    fn may_claim(&self, world: &World, caller: usize) -> bool {
        self.token.is_none_or(|token| token.is_taken(caller, world.clock))
    }

    fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// How many owners a caller can be, one after the other.
    const OWNERS: u8 = 4;

    fn owner(&self, caller: usize, call: u8) -> u8 {
        debug_assert!(caller < self.arguments.len() && call < Self::OWNERS);
        u8::try_from(caller).expect("few callers") * Self::OWNERS + call
    }

    fn caller_of(owner: u8) -> usize {
        usize::from(owner / Self::OWNERS)
    }

    /// The call of this owner.
    fn call(&self, owner: u8) -> Call {
        let call = Call::new(self.plan, owner, Some(self.arguments[Self::caller_of(owner)]));
        match self.token {
            Some(token) => call.kept_for(token.kept(self)),
            None => call,
        }
    }
}

impl Token {
    /// Any time in seconds since 1970 that is later than all leeways.
    const ISSUED: u64 = 1_000;

    /// How long a use of it is kept.
    fn kept(self, model: &Claims) -> Duration {
        if model.has(Mistake::KeepsAUseForItsLifeAlone) {
            return Duration::from_secs(self.life.into());
        }
        if model.has(Mistake::KeepsAUseForTheTtlAlone) {
            return RETENTION;
        }
        self.seen(Self::ISSUED).unwrap_or_default()
    }

    /// Whether a caller takes it so many ticks after its issue.
    fn is_taken(self, caller: usize, ticks: u8) -> bool {
        let right = Self::ISSUED + u64::from(self.behind[0]) + u64::from(ticks);
        self.seen(right - u64::from(self.behind[caller])).is_some()
    }

    fn seen(self, clock: u64) -> Option<Duration> {
        let (iat, exp) = (Self::ISSUED, Self::ISSUED + u64::from(self.life));
        let leeway = Duration::from_secs(self.leeway.into());
        idem::__protocol::use_of_token(iat, exp, Duration::from_secs(clock), leeway)
    }
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// What stands under the key.
    pub standing: Option<Standing>,
    /// What has been sent and not delivered, in order of its contents.
    pub net: Vec<Message>,
    /// Who calls.
    pub callers: Vec<Caller>,
    /// How many crashes are left.
    pub crashes: u8,
    /// How many repeated requests are left.
    pub repeats: u8,
    /// How many renewals are left.
    pub renewals: u8,
    /// Ticks since a token was issued, as far as they matter.
    pub clock: u8,
    /// What has happened, for the rules alone.
    pub past: Past,
}

impl World {
    fn send(&mut self, message: Message) {
        let at = self.net.binary_search(&message).unwrap_or_else(|at| at);
        self.net.insert(at, message);
    }
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A second passes.
    Tick,
    /// The message of this place reaches the store.
    Deliver(usize),
    /// A caller does something.
    Caller(usize, caller::Deed),
}

impl Model for Claims {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            standing: None,
            net: Vec::new(),
            callers: vec![Caller { call: 0, phase: Phase::Idle }; self.arguments.len()],
            crashes: self.crashes,
            repeats: self.repeats,
            renewals: self.renewals,
            clock: 0,
            past: Past::default(),
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        // What comes after a broken rule says nothing.
        if world.past.broken.is_some() {
            return;
        }
        steps.push(Step::Tick);
        for (at, message) in world.net.iter().enumerate() {
            if at == 0 || world.net[at - 1] != *message {
                steps.push(Step::Deliver(at));
            }
        }
        for caller in 0..world.callers.len() {
            self.deeds(world, caller, |deed| steps.push(Step::Caller(caller, deed)));
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Tick => self.tick(&mut next),
            Step::Deliver(at) => self.deliver(&mut next, at),
            Step::Caller(caller, deed) => self.act(&mut next, caller, deed),
        }
        self.judge(&mut next);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::properties()
    }
}

impl Claims {
    fn tick(&self, world: &mut World) {
        if let Some(standing) = &mut world.standing
            && standing.tick()
        {
            world.standing = None;
            world.past.forgotten();
        }
        for caller in &mut world.callers {
            caller.tick();
        }
        if let Some(token) = self.token {
            world.clock = (world.clock + 1).min(token.life + 3 * token.leeway + 1);
        }
    }
}
