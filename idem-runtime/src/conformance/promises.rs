/// The tests of a store: one for each promise, in a module of this name.
///
/// The second argument makes the store, anew for each test: `|| async { … }`, for the store or an
/// array of two handles of it. See the [module](mod@crate::conformance) for what to do with it, for
/// `counts` and for `plant = …`.
///
/// ```
/// idem::conformance!(memory, || async { idem::store::Memory::new() }, counts);
/// ```
#[macro_export]
macro_rules! conformance {
    ($name:ident, $factory:expr $(, plant = $plant:expr)? $(,)?) => {
        $crate::__conformance! { @store $name ($factory) counts_or_not $(($plant))? }
    };
    ($name:ident, $factory:expr, counts $(, plant = $plant:expr)? $(,)?) => {
        $crate::__conformance! { @store $name ($factory) counts $(($plant))? }
    };
}

/// The promises that a store is held to.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance {
    (@store $name:ident $factory:tt $counts:ident $($plant:tt)?) => {
        mod $name {
            // What the factory names is named where the line stands.
            #[allow(unused_imports)]
            use super::*;

            $crate::__conformance! { @all $factory }
            $crate::__conformance! { @counting $counts $factory }
            $($crate::__conformance! { @foreign $factory $plant })?
        }
    };
    (@all $factory:tt) => {
        $crate::__conformance! { @each $factory
            claiming {
                an_absent_name_is_won
                a_taken_name_is_found_byte_for_byte
                a_claim_sent_again_finds_its_own
                a_claim_that_judged_nothing_takes_nothing_over
                a_completed_record_is_never_claimed
            }
            taking_over {
                a_live_lease_is_never_taken
                a_lease_is_as_long_as_its_own_record_says
                a_lapsed_lease_is_taken_over
                a_takeover_sent_again_finds_its_own
                another_record_than_the_judged_one_is_left
                a_vanished_record_is_claimed_with_the_next_fence
                a_free_record_is_claimed_with_the_next_fence
                another_free_record_than_the_judged_one_is_left
                a_record_without_a_lease_is_owned
                a_newer_versions_claim_is_judged_by_its_lease
            }
            settling {
                renewing_moves_the_lease
                renewing_moves_the_retention
                renewing_revives_a_lapsed_lease
                a_renewed_lease_is_not_taken
                the_owner_completes
                the_owner_releases
                a_late_completion_is_stored
                a_late_release_frees_the_name
                another_owner_settles_nothing
                another_fence_settles_nothing
                after_a_takeover_the_old_owner_settles_nothing
                a_lost_renewal_moves_no_time
                an_absent_record_is_never_made_again
                purging_forgets_the_record
            }
            settled {
                a_completion_sent_again_is_done
                a_release_sent_again_is_done
                a_completed_record_is_left_as_it_is
                a_completion_by_another_owner_is_lost
                a_free_record_is_nobodys
            }
            expiry {
                a_lease_lapses_in_its_time
                a_running_record_is_gone_at_its_retention
                a_takeover_is_gone_at_its_retention
                a_completed_record_is_gone_at_its_retention
                a_free_record_is_gone_at_its_retention
                what_has_expired_is_absent_to_a_claim
                what_has_expired_is_absent_to_a_settlement
                what_has_expired_is_absent_to_a_get
                times_under_a_second_are_kept
                times_of_a_hundred_years_are_kept
                a_lease_as_long_as_the_retention_never_lapses
            }
            getting {
                getting_an_absent_name_makes_nothing
                getting_tells_the_record_in_every_state
                getting_tells_what_is_left_of_a_lease
                getting_moves_no_time
            }
            concurrency {
                one_of_fifty_claims_wins_an_absent_name
                one_of_fifty_claims_wins_a_lapsed_name
                one_of_fifty_claims_wins_a_free_name
                a_completion_and_a_takeover_exclude_each_other
                a_renewal_and_a_takeover_exclude_each_other
            }
            bytes {
                an_empty_result_is_kept
                a_result_of_every_byte_is_kept
                a_result_of_a_mebibyte_is_kept
                names_of_every_visible_byte_are_kept
                names_of_300_bytes_are_told_apart
                names_that_look_alike_are_told_apart
            }
        }
    };
    (@counting $counts:ident $factory:tt) => {
        $crate::__conformance! { @$counts $factory
            concurrency {
                of_fifty_counted_claims_one_is_counted
            }
            counting {
                a_claim_sent_again_is_counted_once
                a_live_attempt_is_the_only_one
                a_lapsed_attempt_is_spent
                an_attempt_is_given_back_once
                a_late_claim_of_an_attempt_that_is_over_is_not_counted
                a_count_does_not_outlive_its_window
                nothing_is_given_back_after_the_window
                renewing_a_counted_attempt_moves_its_lease
                a_counted_attempt_completes_once
                purging_forgets_a_count
                what_counts_and_what_does_not_follow_each_other
            }
            windows {
                a_window_ends_in_its_time
                a_window_outlives_a_running_attempt
                a_window_outlives_an_attempt_that_is_begun_late
                completing_begins_the_window_anew
                a_counted_lease_lapses_in_its_time
            }
        }
    };
    // The line says it: a test for each promise.
    (@counts $factory:tt $($topics:tt)*) => {
        $crate::__conformance! { @each $factory $($topics)* }
    };
    // The store says it, which no macro hears: one test for all that its word promises.
    (@counts_or_not ($factory:expr) $($topic:ident { $($promise:ident)* })*) => {
        #[test]
        fn it_counts_or_is_refused_to_count() {
            if !$crate::conformance::counts($factory) {
                return $crate::conformance::check(
                    $factory,
                    $crate::conformance::counting::a_store_that_does_not_count_is_refused,
                );
            }
            $($(
                eprintln!(concat!(stringify!($topic), "::", stringify!($promise)));
                $crate::conformance::check(
                    $factory,
                    $crate::conformance::$topic::$promise,
                );
            )*)*
        }
    };
    (@foreign ($factory:expr) ($plant:expr)) => {
        #[test]
        fn a_foreign_value_is_never_overwritten() {
            $crate::conformance::check($factory, async |nodes| {
                use $crate::conformance::foreign;
                foreign::a_foreign_value_is_never_overwritten(nodes, $plant).await;
            });
        }

        #[test]
        fn a_damaged_record_is_never_overwritten() {
            $crate::conformance::check($factory, async |nodes| {
                use $crate::conformance::foreign;
                foreign::a_damaged_record_is_never_overwritten(nodes, $plant).await;
            });
        }
    };
    (@each ($factory:expr) $($topic:ident { $($promise:ident)* })*) => {
        $($(
            #[test]
            fn $promise() {
                $crate::conformance::check(
                    $factory,
                    $crate::conformance::$topic::$promise,
                );
            }
        )*)*
    };
}

#[cfg(test)]
mod tests {
    /// A promise that the macro forgets would be held by nobody.
    #[test]
    fn every_promise_is_in_the_macro() {
        let listed = include_str!("promises.rs");
        for topic in [
            include_str!("bytes.rs"),
            include_str!("claiming.rs"),
            include_str!("concurrency.rs"),
            include_str!("counting.rs"),
            include_str!("expiry.rs"),
            include_str!("foreign.rs"),
            include_str!("getting.rs"),
            include_str!("settled.rs"),
            include_str!("settling.rs"),
            include_str!("taking_over.rs"),
            include_str!("windows.rs"),
        ] {
            for promise in topic.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let name = promise.split('<').next().unwrap_or_default();
                let is_listed =
                    |line: &str| line.trim() == name || line.contains(&format!("::{name}"));
                assert!(listed.lines().any(is_listed), "{name}");
            }
        }
    }
}
