//! The keys for other systems: they outlive processes and versions, so what they are is written down.

use idem::{Error, Idem, Plan};
use kit::place::Place;

use crate::support::{faulty, two_engines};

on_every_store! {
    a_downstream_key_is_the_same_on_each
}

/// What a body under `charge:{order}` calls another system by.
async fn downstream(idem: &Idem, order: u32, label: &str) -> String {
    let body = async { Ok::<_, Error>(idem::attempt().downstream_key(label)) };
    idem.call(&Plan::setnx(), idem::key!("charge:{order}"), body).await.unwrap()
}

async fn shop() -> Idem {
    Idem::builder().memory().prefix("shop").build().await.unwrap()
}

/// Another text would be another request to a provider that has seen this one.
#[tokio::test]
async fn a_downstream_key_never_changes() {
    assert_eq!(
        downstream(&shop().await, 42, "capture").await,
        "520d2d01-ea63-8e9e-926b-b0907a91c648"
    );
    assert_eq!(
        downstream(&shop().await, 42, "refund").await,
        "36528c6f-d208-8a90-b04b-fab86a9b7f4d"
    );
}

#[tokio::test]
async fn it_is_another_for_each_label_key_and_prefix() {
    let (_, other_prefix) = faulty().await;
    let keys = [
        downstream(&shop().await, 42, "capture").await,
        downstream(&shop().await, 42, "").await,
        downstream(&shop().await, 42, "captur").await,
        downstream(&shop().await, 4, "2capture").await,
        downstream(&shop().await, 43, "capture").await,
        downstream(&other_prefix, 42, "capture").await,
    ];
    for (at, key) in keys.iter().enumerate() {
        // 36 characters, in the form of a UUID of one's own making.
        let dashes: Vec<_> = key.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!((key.len(), dashes), (36, vec![8, 13, 18, 23]), "{key}");
        assert!(key.chars().all(|it| it == '-' || it.is_ascii_hexdigit()), "{key}");
        assert_eq!(&key[14..15], "8", "{key}");
        assert!(!keys[..at].contains(key), "{key}");
    }
}

/// Whatever keeps the record, for each attempt on it.
async fn a_downstream_key_is_the_same_on_each(place: Place) {
    let (idem, elsewhere) = two_engines(&place).await;
    let in_memory = Idem::builder().memory().prefix(place.prefix()).build().await.unwrap();
    let order = 42;
    let expected = downstream(&in_memory, order, "capture").await;
    for engine in [&idem, &elsewhere] {
        let fails = async {
            let key = idem::attempt().downstream_key("capture");
            Err::<String, _>(Error::outage(key))
        };
        let told = engine.call(&Plan::setnx(), idem::key!("charge:{order}"), fails).await;
        assert!(told.unwrap_err().to_string().contains(&expected));
    }
}
