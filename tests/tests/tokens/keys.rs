//! Keys: which are taken, and how one follows another.

use std::time::Duration;

use idem::{Builder, Error, Idem, InvalidToken, TokenKey};

use crate::support::{LIFE, SECRET, in_memory, pay, refusal};

const SEED: [u8; 32] = [3; 32];

async fn engine(keys: impl IntoIterator<Item = TokenKey>) -> Idem {
    Idem::builder().memory().token_keys(keys).build().await.unwrap()
}

fn old() -> TokenKey {
    TokenKey::hs256("2026-05", SECRET)
}

fn new() -> TokenKey {
    TokenKey::ed25519("2026-11", &SEED)
}

/// What `build()` says.
async fn fault(set_up: impl FnOnce(Builder) -> Builder) -> String {
    match set_up(Idem::builder().memory()).build().await {
        Ok(_) => panic!("it was built"),
        Err(Error::Config { reason, .. }) => reason,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_secret_has_256_bits() {
    for short in [0, 1, 16, 31] {
        let secret = vec![7; short];
        let reason = fault(|builder| builder.token_secret(&secret)).await;
        assert!(reason.contains("`token_secret`") && reason.contains("256 bits"), "{reason}");
        let reason = fault(|builder| builder.token_keys([TokenKey::hs256("k", &secret)])).await;
        assert!(reason.contains("`k`") && reason.contains("256 bits"), "{reason}");
        // Also where nothing is recorded.
        let reason = fault(|builder| builder.disabled().token_secret(&secret)).await;
        assert!(reason.contains("256 bits"), "{reason}");
    }
    for long in [32, 33, 64, 65, 1000] {
        let builder = Idem::builder().memory().token_secret(vec![7; long]);
        let idem = builder.build().await.unwrap();
        let token = idem.issue_token(&pay(1), LIFE).unwrap();
        assert_eq!(refusal(&idem, &token).await, None);
    }
}

#[tokio::test]
async fn what_can_be_no_key_is_refused() {
    let mut off_the_curve = [0; 32];
    off_the_curve[0] = 2;
    // Of small order: any signature would hold for some text.
    let mut weak = [0; 32];
    weak[0] = 1;
    for public in [off_the_curve, weak] {
        let key = TokenKey::ed25519_public("k", &public);
        assert_eq!(key.public(), None);
        let reason = fault(|builder| builder.token_keys([key])).await;
        assert!(reason.contains("no public key"), "{reason}");
    }
    for kid in ["", "two words", "ü", &"x".repeat(65)] {
        let reason = fault(|builder| builder.token_keys([TokenKey::hs256(kid, SECRET)])).await;
        assert!(reason.contains("visible ASCII"), "{kid}: {reason}");
    }
    let reason = fault(|builder| builder.token_keys([])).await;
    assert!(reason.contains("no key"), "{reason}");
    let twice = [TokenKey::hs256("k", SECRET), TokenKey::ed25519("k", &SEED)];
    let reason = fault(|builder| builder.token_keys(twice)).await;
    assert!(reason.contains("`k`: it is given twice"), "{reason}");
    let reason = fault(|builder| builder.token_secret(SECRET).token_secret(SECRET)).await;
    assert!(reason.contains("`token_secret`: it is given twice"), "{reason}");
    let reason = fault(|builder| builder.token_leeway(Duration::from_hours(2))).await;
    assert!(reason.contains("an hour"), "{reason}");
}

/// In three deploys: beside, before, alone. While one is under way, old and new processes meet.
#[tokio::test]
async fn a_key_is_replaced_without_refusing_what_is_under_way() {
    let stages = [
        engine([old()]).await,
        engine([old(), new()]).await,
        engine([new(), old()]).await,
        engine([new()]).await,
    ];
    follow(&stages).await;
}

#[tokio::test]
async fn a_secret_without_an_id_is_followed_by_keys_with_one() {
    let builder = || Idem::builder().memory();
    let stages = [
        in_memory().await,
        builder().token_secret(SECRET).token_keys([new()]).build().await.unwrap(),
        builder().token_keys([new()]).token_secret(SECRET).build().await.unwrap(),
        engine([new()]).await,
    ];
    follow(&stages).await;
}

/// Each takes what its neighbours issue, and the last no more what the first has issued.
async fn follow(stages: &[Idem; 4]) {
    for (at, issuer) in stages.iter().enumerate() {
        let token = issuer.issue_token(&pay(1), LIFE).unwrap();
        for neighbour in &stages[at.saturating_sub(1)..(at + 2).min(stages.len())] {
            assert_eq!(refusal(neighbour, &token).await, None, "issued at stage {at}");
        }
    }
    let token = stages[1].issue_token(&pay(1), LIFE).unwrap();
    assert_eq!(refusal(&stages[3], &token).await, Some(InvalidToken::UnknownKey));
}

#[tokio::test]
async fn who_has_the_public_half_takes_tokens_and_issues_none() {
    let public = new().public().unwrap();
    let issuer = engine([new()]).await;
    let taker = engine([TokenKey::ed25519_public("2026-11", &public)]).await;
    assert_eq!(refusal(&taker, &issuer.issue_token(&pay(1), LIFE).unwrap()).await, None);
    let error = taker.issue_token(&pay(1), LIFE).unwrap_err();
    assert!(error.to_string().contains("only verifies"), "{error}");
    assert_eq!(old().public(), None);
}

#[test]
fn a_key_hides_its_secret() {
    let shown =
        format!("{:?} {:?}", old(), Idem::builder().token_secret(SECRET).token_keys([new()]));
    assert!(shown.contains("2026-05") && shown.contains("HS256"), "{shown}");
    for secret in [format!("{SECRET:?}"), format!("{SEED:?}"), "two hundred".to_owned()] {
        assert!(!shown.contains(&secret), "{shown}");
    }
}
