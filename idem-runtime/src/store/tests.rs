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
fn a_name_is_its_text() {
    let (one, other) = (Name::new("pay:1"), Name::new("pay:2"));
    assert_eq!(one, Name::new("pay:1"));
    assert_ne!(one, other);
    assert!(one < other && one.partial_cmp(&other) == Some(Ordering::Less));
    assert_eq!((&*one, one.to_string()), ("pay:1", "pay:1".to_owned()));
    assert_eq!(format!("{one:?}"), "Name(\"pay:1\")");
    assert_eq!(Name::joined("shop:", "pay:1"), Name::new("shop:pay:1"));
    assert_eq!(Name::joined("", "pay:2"), other);
}

/// Their hashes may be the same, by a chance that no table may rely on.
#[test]
fn names_of_one_hash_are_told_apart() {
    let (one, mut other) = (Name::new("pay:1"), Name::new("pay:2"));
    other.hash = one.hash;
    assert_ne!(one, other);
}

#[test]
fn a_prefix_is_encoded_like_a_value() {
    assert_eq!(Name::start("shop"), "shop:");
    assert_eq!(Name::start("a:b"), "a%3Ab:");
}

#[test]
fn tables_by_name_spread_over_their_shards() {
    let shards = Shards::<ByName<u32>>::default();
    for number in 0..1000 {
        let name = Name::new(&number.to_string());
        shards.of(&name).insert(name.clone(), number);
    }
    for number in 0..1000 {
        let name = Name::new(&number.to_string());
        assert_eq!(shards.of(&name).get(&name), Some(&number));
    }
    let sizes: Vec<_> = shards.each().map(|shard| shard.len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 1000);
    assert!(sizes.iter().all(|size| (1..100).contains(size)), "{sizes:?}");
}

#[test]
fn a_store_tells_whether_it_may_have_done_something() {
    assert!(StoreError::unknown("lost").may_have_reached());
    assert!(!StoreError::unreached("refused").may_have_reached());
    let error = Error::from(StoreError::unknown("lost"));
    assert_eq!(error.code(), "outage");
    assert!(error.to_string().contains("lost"), "{error}");
}
