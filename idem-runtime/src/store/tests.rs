use super::*;

#[test]
fn a_time_out_is_within_its_bounds() {
    for good in [Duration::from_millis(1), Duration::from_hours(1)] {
        assert!(check_timeout(good).is_ok(), "{good:?}");
    }
    let bad = [Duration::from_nanos(999_999), Duration::from_hours(1) + Duration::from_nanos(1)];
    for bad in bad {
        assert_eq!(check_timeout(bad).unwrap_err().code(), "config", "{bad:?}");
    }
}

#[test]
fn a_store_tells_whether_it_may_have_done_something() {
    assert!(StoreError::unknown("lost").may_have_reached());
    assert!(!StoreError::unreached("refused").may_have_reached());
    let error = Error::from(StoreError::unknown("lost"));
    assert_eq!(error.code(), "outage");
    assert!(error.to_string().contains("lost"), "{error}");
}
