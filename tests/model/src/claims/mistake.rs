//! Rules that are broken on purpose, to see that somebody notices.

use super::{Claims, Rule, Token};

macro_rules! mistakes {
    ($($(#[$doc:meta])* $mistake:ident breaks $($rule:ident)|+,)*) => {
        /// A rule of the protocol that is broken on purpose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mistake { $($(#[$doc])* $mistake,)* }

        impl Mistake {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$mistake,)*];

            /// The rules one of which a search finds broken first.
            #[must_use]
            pub fn breaks(self) -> &'static [Rule] {
                match self { $(Self::$mistake => &[$(Rule::$rule),+],)* }
            }
        }
    };
}

mistakes! {
    // Of a store.
    /// A released key leaves nothing behind, so its next fence is 1 again.
    ReleaseDeletes breaks FencesGrow,
    /// A completion is written whatever stands there.
    CompletesUncompared breaks NothingComesBack,
    /// A release frees whatever runs there.
    ReleasesUncompared breaks NothingComesBack,
    /// Owner and fence are compared, and not the state: a late renewal finds a completed record.
    RenewsByOwnerAndFence breaks NothingComesBack,
    /// Renewing moves the lease, and not the retention.
    RenewsNoRetention breaks LapsedIsLeft | NoTwoBelieve | BodiesStartUnderTheirLease,
    /// Who claims over a record that it has judged gets it, though it was renewed since.
    TakesOverUnjudged breaks NoTwoBelieve | LapsedIsLeft | BodiesStartUnderTheirLease,
    /// Who claims over a lapsed or free record gets it, though it judged another.
    TakesOverUncompared breaks FencesGrow,
    /// A completion is refused because the lease has lapsed, though nobody took over.
    RefusesALateCompletion breaks LateResultsAreTaken,
    // Of a caller.
    /// Who finds its own claim starts at once, and counts the lease from then.
    StartsUnrenewed breaks BodiesStartUnderTheirLease | LapsedIsLeft | NoTwoBelieve,
    /// Who finds its own claim counts its lease from when it sent the last one.
    CountsFoundClaimsFromTheLastSend breaks BodiesStartUnderTheirLease | LapsedIsLeft | NoTwoBelieve,
    /// A claim is won, the answer is late, and the body starts.
    StartsOnALateAnswer breaks BodiesStartUnderTheirLease,
    /// The renewal before the start is done, the answer is late, and the body starts.
    StartsOnALateRenewal breaks BodiesStartUnderTheirLease,
    /// A lease is counted from when the answer comes.
    CountsFromTheAnswer breaks LapsedIsLeft | NoTwoBelieve,
    /// A renewed lease is counted from when the answer comes.
    CountsRenewalsFromTheAnswer breaks LapsedIsLeft | NoTwoBelieve,
    /// No answer to a claim is taken for "not claimed", and the body runs without one.
    TakesSilenceForANo breaks BodiesStartUnderTheirLease,
    /// Who has lost its claim before the start runs all the same.
    StartsOnALostClaim breaks BodiesStartUnderTheirLease,
    /// Followers get the value when the body ends, and not when it is stored.
    FollowersGetItEarly breaks ReplaysAreStored,
    /// Fingerprints are not compared.
    ComparesNoArguments breaks OtherArgumentsGetNothing,
    /// The fingerprint is not kept when the result is stored.
    CompletesWithoutArguments breaks OtherArgumentsGetNothing,
    // Of counting.
    /// What a window counted is carried over into the next.
    CarriesACountOver breaks CountsAreTrue,
    /// A release that comes twice gives two attempts back.
    GivesBackTwice breaks CountsAreTrue | NothingComesBack,
    /// At the limit the next claim is over what was judged, as it is below.
    ClaimsPastTheLimit breaks NeverPastTheLimit,
    /// "Exhausted" is said though the last attempt is in flight.
    IsExhaustedTooEarly breaks ExhaustedIsOver,
    // Of tokens.
    /// A use is kept for as long as any other call, and not for as long as its token lives.
    KeepsAUseForTheTtlAlone breaks TokensAreUsedOnce,
    /// A use is kept for its token's life, without the leeway of clocks.
    KeepsAUseForItsLifeAlone breaks TokensAreUsedOnce,
}

impl Mistake {
    /// A small model in which it shows.
    #[must_use]
    pub fn model(self) -> Claims {
        let bare = |model: Claims| Claims { crashes: 0, repeats: 0, renewals: 0, ..model };
        let token = |life| Token { behind: [0, 1, 0], life, leeway: 1 };
        let model = match self {
            Self::ReleaseDeletes | Self::TakesOverUncompared => {
                Claims { calls: vec![2, 1], ..bare(Claims::setnx(2)) }
            }
            Self::CountsFoundClaimsFromTheLastSend => {
                Claims { repeats: 1, ..bare(Claims::setnx(2)) }
            }
            Self::FollowersGetItEarly => Claims { together: true, ..bare(Claims::setnx(2)) },
            Self::ComparesNoArguments | Self::CompletesWithoutArguments => {
                Claims { arguments: vec![1, 2], ..bare(Claims::setnx(2)) }
            }
            Self::CarriesACountOver => bare(Claims::count(2, 2)),
            Self::ClaimsPastTheLimit | Self::IsExhaustedTooEarly => bare(Claims::count(2, 1)),
            Self::GivesBackTwice => Claims { renewals: 0, ..Claims::count(2, 2) },
            Self::KeepsAUseForTheTtlAlone => bare(Claims::token(2, token(2))),
            Self::KeepsAUseForItsLifeAlone => bare(Claims::token(2, token(3))),
            _ => Claims::setnx(2),
        };
        model.with(self)
    }
}
