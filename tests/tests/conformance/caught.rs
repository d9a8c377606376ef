//! Each mistake is caught by the promise that it breaks.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use idem::conformance::{Nodes, check, claiming, counting, foreign};

use crate::broken::Broken;
use crate::databases::sqlite_nodes;
use crate::mistake::Mistake;

/// `mistake: topic::promise …` makes a test of each mistake: every one of these promises catches it.
macro_rules! caught {
    ($($mistake:ident: $($topic:ident::$promise:ident),+;)*) => {
        $(
            #[test]
            #[allow(non_snake_case)]
            fn $mistake() {
                $(
                    let promise = idem::conformance::$topic::$promise;
                    let held = keeps(Mistake::$mistake, promise);
                    assert!(!held, "{} does not catch it", stringify!($promise));
                )+
            }
        )*

        /// The promises that a mistake here is seeded against.
        const COVERED: &[&str] = &[$($(stringify!($promise)),+),*];
    };
}

/// Whether a store with this mistake passes as one that keeps the promise. A machine that is slow at
/// the wrong moment can hide a mistake of time, but not each time.
fn keeps(mistake: Mistake, promise: impl AsyncFn(Nodes<Broken>)) -> bool {
    let factory = async || Broken::by(mistake);
    let passes = || catch_unwind(AssertUnwindSafe(|| check(factory, &promise))).is_ok();
    (0..3).all(|_| passes())
}

#[test]
fn values_of_others_that_are_overwritten_are_caught() {
    let foreign = async |nodes| {
        foreign::a_foreign_value_is_never_overwritten(nodes, Broken::plant).await;
    };
    let damaged = async |nodes| {
        foreign::a_damaged_record_is_never_overwritten(nodes, Broken::plant).await;
    };
    assert!(!keeps(Mistake::OverwritesForeignValues, foreign));
    assert!(!keeps(Mistake::OverwritesDamagedRecords, damaged));
}

#[test]
fn two_stores_that_are_taken_for_one_are_caught() {
    let apart = async || [Broken::by(Mistake::None), Broken::by(Mistake::None)];
    let promise = claiming::an_absent_name_is_won;
    assert!(catch_unwind(AssertUnwindSafe(|| check(apart, promise))).is_err());
}

/// Asks the child process of a test to count by mistake.
const MISCOUNT: &str = "CONFORMANCE_MISCOUNT";

/// The mistake that this process is asked to make.
pub(crate) fn asked() -> Mistake {
    if env::var_os(MISCOUNT).is_some() { Mistake::CountsAClaimSentAgain } else { Mistake::None }
}

#[test]
fn a_store_that_counts_is_held_to_it_where_its_line_says_nothing() {
    let test = || {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "unbroken::it_counts_or_is_refused_to_count"]);
        child
    };
    let kept = test().output().unwrap();
    assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stdout));
    let caught = test().env(MISCOUNT, "1").output().unwrap();
    assert!(!caught.status.success(), "it counts a claim twice, and passes");
    let told = String::from_utf8_lossy(&caught.stdout);
    let (_, after) = told.split_once("counting::a_claim_sent_again_is_counted_once").expect(&told);
    assert!(after.contains("the store gave it away"), "{told}");
}

#[test]
fn a_store_that_says_it_does_not_count_keeps_no_promise_of_counting() {
    let promise = counting::a_live_attempt_is_the_only_one;
    let refused = catch_unwind(|| check(sqlite_nodes, promise)).unwrap_err();
    let told = refused.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(told.contains("a store that counts says so"), "{told}");
}

#[test]
fn a_store_that_counts_is_not_refused_to() {
    let refused = async |nodes| counting::a_store_that_does_not_count_is_refused(nodes).await;
    assert!(!keeps(Mistake::None, refused));
}

/// A promise that no mistake breaks may be one that no test holds.
#[test]
fn every_promise_catches_a_mistake() {
    let suite = concat!(env!("CARGO_MANIFEST_DIR"), "/../idem-runtime/src/conformance");
    let mut elsewhere = vec![
        "an_absent_name_is_won",
        "a_store_that_does_not_count_is_refused",
        "a_foreign_value_is_never_overwritten",
        "a_damaged_record_is_never_overwritten",
    ];
    elsewhere.extend(COVERED);
    let mut promises = 0;
    for file in std::fs::read_dir(suite).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for promise in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let name = promise.split('<').next().unwrap();
            assert!(elsewhere.contains(&name), "no mistake breaks {name}");
            promises += 1;
        }
    }
    assert!(promises > 50, "{promises}");
}

caught! {
    OverwritesWhatStands: claiming::a_taken_name_is_found_byte_for_byte;
    AnswersWonToAClaimSentAgain: claiming::a_claim_sent_again_finds_its_own,
        taking_over::a_takeover_sent_again_finds_its_own;
    TakesOverWithoutHavingJudged: claiming::a_claim_that_judged_nothing_takes_nothing_over;
    ClaimsOverWhatIsCompleted: claiming::a_completed_record_is_never_claimed;
    FindsItsOwnIdeaOfTheRecord: claiming::a_taken_name_is_found_byte_for_byte;
    ReadsThenWrites: concurrency::one_of_fifty_claims_wins_an_absent_name,
        concurrency::one_of_fifty_claims_wins_a_lapsed_name,
        concurrency::a_completion_and_a_takeover_exclude_each_other,
        concurrency::a_renewal_and_a_takeover_exclude_each_other;
    LetsEveryClaimOverAFreeRecordWin: concurrency::one_of_fifty_claims_wins_a_free_name;
    TakesOverLiveLeases: taking_over::a_live_lease_is_never_taken,
        settling::a_renewed_lease_is_not_taken;
    TakesOverWhatItHasNotJudged: taking_over::another_record_than_the_judged_one_is_left;
    TakesOverAnyFreeRecord: taking_over::another_free_record_than_the_judged_one_is_left;
    RefusesAVanishedRecord: taking_over::a_vanished_record_is_claimed_with_the_next_fence;
    JudgesByTheRivalsLease: taking_over::a_lease_is_as_long_as_its_own_record_says;
    NeverTakesOver: taking_over::a_lapsed_lease_is_taken_over;
    TakesOverWithoutALease: taking_over::a_record_without_a_lease_is_owned;
    GivesFencesBack: taking_over::a_free_record_is_claimed_with_the_next_fence;
    RefusesNewerVersions: taking_over::a_newer_versions_claim_is_judged_by_its_lease;
    TakesOverWithTheOldTimes: expiry::a_takeover_is_gone_at_its_retention;
    IgnoresTheOwner: settling::another_owner_settles_nothing;
    IgnoresTheFence: settling::another_fence_settles_nothing;
    ResurrectsAbsentRecords: settling::an_absent_record_is_never_made_again;
    RenewsWithoutLooking: settling::a_lost_renewal_moves_no_time,
        settling::after_a_takeover_the_old_owner_settles_nothing,
        settled::a_completed_record_is_left_as_it_is;
    RenewsTheLeaseAlone: settling::renewing_moves_the_retention;
    RenewsNothing: settling::renewing_moves_the_lease, settling::a_renewed_lease_is_not_taken;
    RefusesToRenewWhatHasLapsed: settling::renewing_revives_a_lapsed_lease;
    ForgetsTheRecordOnRelease: settling::the_owner_releases;
    ForgetsFenceOnRelease: settling::the_owner_releases;
    RefusesLateCompletions: settling::a_late_completion_is_stored;
    RefusesLateReleases: settling::a_late_release_frees_the_name;
    AnswersLostToARepeatedComplete: settled::a_completion_sent_again_is_done;
    AnswersLostToARepeatedRelease: settled::a_release_sent_again_is_done;
    CompletesAgain: settled::a_completion_sent_again_is_done;
    ReleasesWhatIsCompleted: settled::a_completed_record_is_left_as_it_is;
    CompletesWhatIsFree: settled::a_free_record_is_nobodys;
    PurgesWithoutLooking: settling::purging_forgets_the_record;
    AnswersDoneToAll: settled::a_completion_by_another_owner_is_lost;
    RoundsTimesUpToSeconds: expiry::times_under_a_second_are_kept,
        expiry::a_running_record_is_gone_at_its_retention;
    RoundsTimesDownToSeconds: expiry::times_under_a_second_are_kept;
    KeepsForEver: expiry::a_running_record_is_gone_at_its_retention,
        expiry::a_lease_as_long_as_the_retention_never_lapses;
    AnswersDoneBeforeItWrites: settling::the_owner_completes;
    TakesEmptyForNothing: bytes::an_empty_result_is_kept;
    KeepsSettledForEver: expiry::a_completed_record_is_gone_at_its_retention,
        expiry::a_free_record_is_gone_at_its_retention;
    CompletesWithTheOldTimes: expiry::a_completed_record_is_gone_at_its_retention,
        expiry::a_free_record_is_gone_at_its_retention;
    ClaimsSeeTheExpired: expiry::what_has_expired_is_absent_to_a_claim;
    SettlesTheExpired: expiry::what_has_expired_is_absent_to_a_settlement;
    GetsTheExpired: expiry::what_has_expired_is_absent_to_a_get;
    CountsTimesIn32Bits: expiry::times_of_a_hundred_years_are_kept;
    LapsesAtHalfTheLease: expiry::a_lease_lapses_in_its_time;
    DoesNotJudgeLeases: getting::getting_tells_what_is_left_of_a_lease;
    MakesRecordsByGetting: getting::getting_an_absent_name_makes_nothing;
    RenewsByGetting: getting::getting_moves_no_time;
    CountsAClaimSentAgain: counting::a_claim_sent_again_is_counted_once;
    RunsToTheLimitAtOnce: counting::a_live_attempt_is_the_only_one;
    LetsEveryCountedClaimWin: concurrency::of_fifty_counted_claims_one_is_counted;
    LetsAnybodyGiveBack: counting::an_attempt_is_given_back_once;
    LetsAnybodyComplete: counting::a_counted_attempt_completes_once;
    GivesBackAfterTheWindow: counting::nothing_is_given_back_after_the_window;
    ForgetsWhoGaveBack: counting::a_late_claim_of_an_attempt_that_is_over_is_not_counted;
    CarriesACountOver: counting::a_count_does_not_outlive_its_window;
    RenewsNoCount: counting::renewing_a_counted_attempt_moves_its_lease;
    NeverLapsesWhatCounts: counting::a_lapsed_attempt_is_spent,
        windows::a_counted_lease_lapses_in_its_time;
    PurgesNoCount: counting::purging_forgets_a_count;
    KeepsTheKindsApart: counting::what_counts_and_what_does_not_follow_each_other;
    BeginsTheWindowAnew: windows::a_window_ends_in_its_time;
    EndsTheWindowInAnAttempt: windows::a_window_outlives_a_running_attempt;
    OutlivesOnlyByRenewing: windows::a_window_outlives_an_attempt_that_is_begun_late;
    CountsForEver: windows::a_window_ends_in_its_time;
    CompletesInTheOldWindow: windows::completing_begins_the_window_anew;
    IgnoresCase: bytes::names_that_look_alike_are_told_apart;
    CutsNamesAt255: bytes::names_of_300_bytes_are_told_apart;
    EndsNamesAtAQuote: bytes::names_of_every_visible_byte_are_kept;
    TakesResultsForText: bytes::a_result_of_every_byte_is_kept,
        getting::getting_tells_the_record_in_every_state;
    CutsResultsAt64Kib: bytes::a_result_of_a_mebibyte_is_kept;
}
