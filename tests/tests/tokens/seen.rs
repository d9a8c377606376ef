//! What is seen of a token: nothing.

use idem::{Error, Idem, Plan, Token};
use kit::faulty::{Fault, Faulty, Step};

use crate::forge::read;
use crate::support::{LIFE, SECRET, pay};
use crate::watch::{Seen, watch};

async fn submit(idem: &Idem, token: &Token) -> Result<u32, Error> {
    idem.call(&Plan::token(), pay(1).token(token), async { Ok(1) }).await
}

/// Whatever becomes of a call, neither its token nor the token's id is seen.
#[test]
fn no_token_is_ever_seen() {
    watch(async |seen: Seen| {
        let store = Faulty::new();
        let builder = Idem::builder().store(store.clone()).token_secret(SECRET);
        let idem = builder.build().await.unwrap();
        let token = idem.issue_token(&pay(1), LIFE).unwrap();
        store.once(Step::Complete, Fault::Undone);
        submit(&idem, &token).await.unwrap();
        tokio::time::sleep(LIFE / 100).await;
        submit(&idem, &token).await.unwrap();
        store.always(Step::Claim, Fault::Unreached);
        let outage = submit(&idem, &token).await.unwrap_err();
        let broken = Token::from(token.as_str()[1..].to_owned());
        let refused = submit(&idem, &broken).await.unwrap_err();
        assert!(seen.last_span().contains("outcome=\"invalid_token\""), "{}", seen.last_span());
        let counted = seen.number("idem_calls_total{operation=pay,outcome=invalid_token}");
        assert!((counted - 1.0).abs() < 0.5, "{:?}", seen.names());
        let names = seen.names().join(" ");
        let told = format!("{} {names} {outage:?} {refused:?} {idem:?}", seen.log());
        let (_, claims) = read(&token);
        assert!(!told.contains(claims["jti"].as_str().unwrap()), "{told}");
        for part in token.as_str().split('.') {
            assert!(!told.contains(&part[1..]), "{told}");
        }
    });
}
