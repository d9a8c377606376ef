//! What must hold in every state, and what must be reached at all.

use idem::__protocol;
use idem::store::{Lease, Record, State};
use stateright::Property;

use super::{Claims, End, Message, Op, Phase, Reply, Standing, World};
use crate::records::Id;

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $rule:ident $name:literal,)*) => {
        /// A rule of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[doc = $doc])* $rule,)* }

        impl Rule {
            /// The rule in words: the name of its property.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }
        }

        fn always() -> Vec<Property<Claims>> {
            vec![$(Property::always($name, |_: &Claims, world: &World| {
                world.past.broken != Some(Rule::$rule)
            }),)*]
        }
    };
}

rules! {
    /// No two callers run a body and believe in their leases.
    NoTwoBelieve "no two callers believe in a lease at once",
    /// Of a record whose lease the store calls lapsed, the owner does not believe in it any more.
    LapsedIsLeft "nobody believes in a lease that the store calls lapsed",
    /// When a body starts, its record stands, with a live lease.
    BodiesStartUnderTheirLease "a body starts under a live lease of its own",
    /// A completed record stays until its retention is over.
    ResultsStand "a stored result stands",
    /// No attempt is written again after its record was gone or replaced.
    NothingComesBack "what is lost is not made again",
    /// A duplicate gets a result that some attempt has stored.
    ReplaysAreStored "what is replayed was stored",
    /// Other arguments are a mismatch: they get no result, and do not wait.
    OtherArgumentsGetNothing "other arguments get neither a result nor a wait",
    /// While any record stands, each attempt's fence is greater than the last.
    FencesGrow "fences grow",
    /// A completion is stored as long as its running record stands.
    LateResultsAreTaken "a late result is taken if nobody took over",
    /// What a counting record says is spent was spent in its window, and not given back.
    CountsAreTrue "a record counts what was spent in its window",
    /// No more attempts start in a window than the limit has, but for those that failed and were
    /// to be given back.
    NeverPastTheLimit "no window has more attempts than its limit",
    /// "Exhausted" is said of a record whose lease the store has judged.
    ExhaustedIsOver "exhausted is said of what is over",
    /// After a result of a token's use is stored, nothing runs for the token.
    TokensAreUsedOnce "a token is used once",
}

/// What has happened, as far as a rule asks. Sets of owners, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Past {
    /// The rule that was broken.
    pub broken: Option<Rule>,
    /// Whose result was stored.
    stored: u16,
    /// The last fence that was given, while its record or a later one stands.
    pub fence: u8,
    /// Who was given the key in this window.
    granted: u16,
    /// Of these, who has given its attempt back.
    returned: u16,
    /// Whose body has started.
    started: u16,
    /// Whose body has failed.
    failed: u16,
}

impl Past {
    /// The first rule that was broken is the one to look at.
    pub(super) fn breaks(&mut self, rule: Rule) {
        self.broken.get_or_insert(rule);
    }

    /// Nothing stands there any more.
    pub(super) fn forgotten(&mut self) {
        (self.fence, self.granted, self.returned) = (0, 0, 0);
    }

    pub(super) fn granted(&mut self, owner: u8) {
        self.granted |= 1 << owner;
    }

    pub(super) fn failed(&mut self, owner: u8) {
        self.failed |= 1 << owner;
    }

    fn has_stored(&self, owner: u8) -> bool {
        self.stored & 1 << owner != 0
    }
}

/// Who wrote a record.
pub(super) fn owner_of(record: &Record) -> u8 {
    __protocol::owner(record).expect("a model's record is one")
}

pub(super) fn owner(record: Id) -> u8 {
    owner_of(&record.record())
}

impl Claims {
    /// What the store has just done.
    pub(super) fn look_back(
        world: &mut World,
        before: Option<Standing>,
        message: Message,
        reply: Reply,
    ) {
        let stood = before.map(|standing| standing.record);
        let stands = world.standing.map(|standing| standing.record);
        let past = &mut world.past;
        if stood != stands {
            let was = stood.map(Id::record);
            if was.is_some_and(|record| record.state() == Some(State::Completed)) {
                past.breaks(Rule::ResultsStand);
            }
            if !matches!(message.op, Op::Claim(_)) && stood != Some(message.record) {
                past.breaks(Rule::NothingComesBack);
            }
        }
        match message.op {
            Op::Complete(_) if reply == Reply::Lost && stood == Some(message.record) => {
                past.breaks(Rule::LateResultsAreTaken);
            }
            Op::Complete(made) if stands == Some(made) => past.stored |= 1 << owner(made),
            Op::Release(_) if stands != stood => past.returned |= 1 << owner(message.record),
            _ => {}
        }
        if stands.is_none() && stood.is_some() {
            past.granted = 0;
        }
        let spent = stands.and_then(|id| id.record().spent());
        if spent.is_some_and(|spent| spent != (past.granted & !past.returned).count_ones()) {
            past.breaks(Rule::CountsAreTrue);
        }
    }

    /// A body of this caller starts now.
    pub(super) fn look_at_start(&self, world: &mut World, caller: usize, record: Option<Id>) {
        let standing = world.standing.filter(|standing| Some(standing.record) == record);
        let live = standing.is_some_and(|standing| matches!(standing.lease(), Lease::Live(_)));
        let me = self.owner(caller, world.callers[caller].call);
        let past = &mut world.past;
        if !live {
            past.breaks(Rule::BodiesStartUnderTheirLease);
        }
        past.started |= 1 << me;
        let counted = past.started & past.granted & !past.failed;
        if self.limit.is_some_and(|limit| counted.count_ones() > limit) {
            past.breaks(Rule::NeverPastTheLimit);
        }
        if self.token.is_some() && past.stored != 0 {
            past.breaks(Rule::TokensAreUsedOnce);
        }
    }

    /// A duplicate is answered with the result in this record.
    pub(super) fn look_at_replay(&self, world: &mut World, caller: usize, record: &Record) {
        let wrote = owner_of(record);
        if !world.past.has_stored(wrote) {
            world.past.breaks(Rule::ReplaysAreStored);
        }
        self.look_at_arguments(world, caller, wrote);
    }

    /// A caller is answered, or waits, because of a record that another wrote.
    pub(super) fn look_at_arguments(&self, world: &mut World, caller: usize, wrote: u8) {
        if self.arguments[caller] != self.arguments[Self::caller_of(wrote)] {
            world.past.breaks(Rule::OtherArgumentsGetNothing);
        }
    }

    /// What must hold of the state itself.
    pub(super) fn judge(&self, world: &mut World) {
        let lapsed = world
            .standing
            .filter(|standing| standing.lease() == Lease::Lapsed)
            .map(|standing| standing.record);
        let believed = world.callers.iter().filter_map(|caller| caller.believes_in(self));
        let mut count = 0;
        for record in believed {
            count += 1;
            if Some(record) == lapsed {
                world.past.broken.get_or_insert(Rule::LapsedIsLeft);
            }
        }
        if count > 1 {
            world.past.breaks(Rule::NoTwoBelieve);
        }
    }
}

/// The rules, and what a search must come by, or it has not searched what it was made for.
pub(super) fn properties() -> Vec<Property<Claims>> {
    fn ended(world: &World, end: impl Fn(&End) -> bool) -> bool {
        world.callers.iter().any(|caller| matches!(&caller.phase, Phase::Over(is) if end(is)))
    }
    let mut properties = always();
    properties.extend([
        Property::sometimes("a result is stored", |_, world: &World| {
            ended(world, |end| matches!(end, End::Ran { stored: true, .. }))
        }),
        Property::sometimes("a result is lost to a successor", |_, world: &World| {
            ended(world, |end| matches!(end, End::Ran { stored: false, .. }))
        }),
        Property::sometimes("an attempt finds its own claim", |_, world: &World| {
            world.callers.iter().any(|caller| matches!(caller.phase, Phase::Renewing { .. }))
        }),
        Property::sometimes("a second attempt is made", |_, world: &World| world.past.fence > 1),
    ]);
    properties
}
