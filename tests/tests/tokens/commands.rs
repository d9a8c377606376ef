//! What tokens cost a server, and what they leave there.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::{Error, Plan};
use kit::redis::{Flavour, Server};

use crate::forge::{self, HEADER};
use crate::support::{LIFE, SECRET, Uses, call, pay};

/// H66: whoever asks for a token again and again fills no store.
#[tokio::test]
async fn issuing_asks_no_store() {
    let server = Server::start(Flavour::Redis);
    let builder = idem::Idem::builder().redis(server.url()).token_secret(SECRET);
    let (idem, mut client) = (builder.build().await.unwrap(), server.client().await);
    let before = client.command_stats().await;
    for user in 0..20_000 {
        idem.issue_token(&pay(user), LIFE).unwrap();
    }
    let asked = client.command_stats().await.since(&before);
    assert_eq!(asked.total(), 0, "{asked:?}");
}

/// Not even for what the right secret has signed, when it is for somebody else, or too late.
#[tokio::test]
async fn a_refused_token_asks_no_store() {
    let server = Server::start(Flavour::Valkey);
    let builder = idem::Idem::builder().redis(server.url()).token_secret(SECRET);
    let (idem, mut client) = (builder.build().await.unwrap(), server.client().await);
    let (before, runs) = (client.command_stats().await, AtomicUsize::new(0));
    let good = idem.issue_token(&pay(1), LIFE).unwrap();
    let late = serde_json::json!({ "iat": forge::now() - 900, "exp": forge::now() - 60 });
    let refused = [
        idem::Token::from("no token".to_owned()),
        forge::with_signature(r#"{"alg":"none"}"#, forge::good(), []),
        forge::by_hmac(HEADER, forge::good(), &[8; 32]),
        forge::signed(HEADER, forge::claims(&late)),
        idem.issue_token(&pay(2), LIFE).unwrap(),
    ];
    for token in &refused {
        let error = call(&idem, &Plan::token(), (1, token), &runs).await.unwrap_err();
        assert!(matches!(error, Error::InvalidToken { .. }), "{error:?}");
    }
    let asked = client.command_stats().await.since(&before);
    assert_eq!(asked.total(), 0, "{asked:?}");
    call(&idem, &Plan::token(), (1, &good), &runs).await.unwrap();
    let asked = client.command_stats().await.since(&before);
    assert_eq!(asked.total(), 2, "claimed and completed: {asked:?}");
    call(&idem, &Plan::token(), (1, &good), &runs).await.unwrap();
    let asked = client.command_stats().await.since(&before);
    assert_eq!(asked.total(), 3, "and replayed: {asked:?}");
}

/// The record is named by the token's id, and kept for longer than the token lives, whatever `ttl`
/// says: while it runs, freed, and completed.
#[tokio::test]
async fn a_use_is_kept_for_as_long_as_the_token_could_be_taken() {
    let uses = Uses::redis();
    let leeway = Duration::from_mins(1);
    let builder = uses.place.builder().await.token_secret(SECRET).token_leeway(leeway);
    let idem = builder.build().await.unwrap();
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let (_, claims) = forge::read(&token);
    let name = format!("{}:pay:@{}", uses.place.prefix(), claims["jti"].as_str().unwrap());
    let mut client = uses.place.server().unwrap().client().await;
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    let least = i64::try_from((life + 2 * 60) * 1000).unwrap();
    let mut kept = async || -> i64 { client.run(&["PTTL", &name]).await };
    // Written some moments before.
    let long_enough = |left: i64| (least - 20_000..=least).contains(&left);
    let plan = Plan::token().ttl(Duration::from_secs(2));
    for fails in [true, false] {
        let body = async {
            assert!(long_enough(kept().await), "running");
            if fails { Err(Error::outage("not yet")) } else { Ok(1) }
        };
        assert_eq!(idem.call(&plan, pay(1).token(&token), body).await.is_err(), fails);
        assert!(long_enough(kept().await), "settled");
    }
    // A longer `ttl` is kept.
    let token = idem.issue_token(&pay(1), Duration::from_secs(10)).unwrap();
    let (_, claims) = forge::read(&token);
    call(&idem, &Plan::token(), (1, &token), &AtomicUsize::new(0)).await.unwrap();
    let name = format!("{}:pay:@{}", uses.place.prefix(), claims["jti"].as_str().unwrap());
    let left: i64 = client.run(&["PTTL", &name]).await;
    assert!(left > 86_000_000, "{left}");
}
