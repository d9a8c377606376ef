//! What a person sees of a token's use, and can do about it.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use idem::store::{Settled, State};
use idem::{Error, OnErr, Plan, Token};

use crate::forge;
use crate::support::{LIFE, Uses, call, in_memory, pay};

on_every_store! {
    a_use_is_looked_at_and_settled_by_its_token
}

async fn a_use_is_looked_at_and_settled_by_its_token(uses: Uses) {
    let (idem, runs) = (uses.engine().await, AtomicUsize::new(0));
    let holding = uses.plan.on_err(OnErr::Hold);
    let hold = async |token: &Token| {
        let unknown = async { Err::<usize, _>(Error::outage("who knows")) };
        assert!(idem.call(&holding, pay(1).token(token), unknown).await.is_err());
        idem.get(&pay(1).token(token)).await.unwrap().unwrap()
    };
    let token = idem.issue_token(&pay(1), LIFE).unwrap();
    let key = || pay(1).token(&token);
    assert_eq!(idem.get(&key()).await.unwrap(), None);
    let entry = hold(&token).await;
    assert_eq!(entry.state, Some(State::Running));
    // Nothing stands under the key by itself.
    assert_eq!(idem.get(&pay(1)).await.unwrap(), None);
    assert_eq!(idem.release(&pay(1), entry.fence).await.unwrap(), Settled::Lost);
    assert_eq!(idem.release(&key(), entry.fence).await.unwrap(), Settled::Done);
    let entry = hold(&token).await;
    assert_eq!(idem.complete(&key(), entry.fence, &77_usize).await.unwrap(), Settled::Done);
    assert_eq!(call(&idem, &uses.plan, (1, &token), &runs).await.unwrap(), 77);
    let entry = idem.get(&key()).await.unwrap().unwrap();
    assert_eq!(idem.purge(&key(), entry.fence).await.unwrap(), Settled::Done);
    // A token whose use is forgotten is unused.
    assert_eq!(call(&idem, &uses.plan, (1, &token), &runs).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_use_of_an_expired_token_can_still_be_looked_at() {
    let idem = in_memory().await;
    let token = idem.issue_token(&pay(1), Duration::from_mins(1)).unwrap();
    call(&idem, &Plan::token(), (1, &token), &AtomicUsize::new(0)).await.unwrap();
    tokio::time::advance(Duration::from_hours(1)).await;
    let entry = idem.get(&pay(1).token(&token)).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Completed));
    for (key, what) in [
        (pay(2).token(&token), "another key"),
        (pay(1).token(&forge::by_hmac(forge::HEADER, forge::good(), &[8; 32])), "signature"),
    ] {
        let error = idem.get(&key).await.unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}
