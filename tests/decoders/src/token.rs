//! A token: a text, what a key of the server's has signed, and one that was issued.

mod forge;
mod sound;

use std::time::Duration;

use idem::{Error, Idem, InvalidToken, Key, Plan, Token, TokenKey};
use tokio::runtime::{Builder, Runtime};

use forge::{SECRET, SEED, Signed};
use sound::{Claims, Kid};

const LIFE: Duration = Duration::from_mins(15);
const PLAN: Plan = Plan::token();

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// Reads the bytes as a token's text; as claims (after a header, where they have two lines), which are signed;
/// and as whom a token is issued for. Says whether the claims are taken.
#[must_use]
pub fn token(bytes: &[u8]) -> bool {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let (one, two) = (of_one_secret().await, of_two_keys().await);
            if let Ok(text) = str::from_utf8(bytes) {
                is_refused(&one, text).await;
                is_refused(&two, text).await;
                is_taken_once(&one, text).await;
            }
            let signed = Signed::of(bytes);
            let by_one = is_taken(&one, &[(None, "HS256")], signed).await;
            by_one | is_taken(&two, &[(Some("hs"), "HS256"), (Some("ed"), "EdDSA")], signed).await
        })
    })
}

async fn of_one_secret() -> Idem {
    Idem::builder().memory().token_secret(SECRET).build().await.expect("a sound secret")
}

async fn of_two_keys() -> Idem {
    let keys = [TokenKey::ed25519("ed", &SEED), TokenKey::hs256("hs", SECRET)];
    Idem::builder().memory().token_keys(keys).build().await.expect("sound keys")
}

/// How often the body has run, or why it has not.
async fn call(idem: &Idem, key: Key, token: &Token, runs: &mut u32) -> Result<u32, InvalidToken> {
    let before = *runs;
    let body = async {
        *runs += 1;
        Ok(*runs)
    };
    match idem.call(&PLAN, key.token(token), body).await {
        Ok(run) => Ok(run),
        Err(Error::InvalidToken { reason, .. }) => {
            assert_eq!(*runs, before, "a refused token runs nothing");
            Err(reason)
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn pay(user: &str) -> Key {
    idem::key!("pay:{user}")
}

/// A text that nobody has signed.
async fn is_refused(idem: &Idem, text: &str) {
    let told = call(idem, pay("1"), &Token::from(text), &mut 0).await;
    assert!(told.is_err(), "taken: {text}");
}

/// What one of the engine's keys has signed is taken only if it is sound. The same claims in plain words
/// are taken if they are sound, and are the same use.
async fn is_taken(idem: &Idem, keys: &[Kid], signed: Signed<'_>) -> bool {
    let before = sound::now();
    let mut runs = 0;
    let taken = call(idem, pay("1"), &signed.token(), &mut runs).await.is_ok();
    let claims = Claims::read(signed.claims);
    let key = sound::key(signed.header, keys);
    // Its time may begin or end meanwhile.
    let held = [before, sound::now()].map(|now| claims.as_ref().is_some_and(|it| it.hold(now)));
    assert!(!taken || key.is_some() && held != [false; 2], "taken: {signed:?}");
    if let (Some(claims), Some(key), [true, true]) = (claims, key, held) {
        let (header, claims) = (forge::header(key), claims.plain());
        let plain = Signed { header: header.as_bytes(), claims: claims.as_bytes() };
        assert_eq!(call(idem, pay("1"), &plain.token(), &mut runs).await, Ok(1), "{plain:?}");
        assert_eq!(runs, 1, "one use, in two spellings: {signed:?}");
    }
    taken
}

/// What was issued is taken once, by the key that it was issued for, as it was written.
async fn is_taken_once(idem: &Idem, user: &str) {
    let token = match idem.issue_token(&pay(user), LIFE) {
        Ok(token) => token,
        Err(Error::InvalidKey { .. }) => return,
        Err(error) => panic!("{error:?}"),
    };
    let mut runs = 0;
    let another = call(idem, pay(&format!("{user}+")), &token, &mut runs).await;
    assert_eq!(another, Err(InvalidToken::OtherSubject));
    // The text says where it is damaged.
    let mut damaged = token.as_str().as_bytes().to_vec();
    let sum = crc32fast::hash(user.as_bytes());
    let at = sum as usize % damaged.len();
    damaged[at] ^= (sum >> 24) as u8 & 0x7f | 1;
    if let Ok(damaged) = String::from_utf8(damaged) {
        let told = call(idem, pay(user), &Token::from(damaged), &mut runs).await;
        assert!(told.is_err(), "taken, damaged at {at}");
    }
    for _ in 0..2 {
        assert_eq!(call(idem, pay(user), &token, &mut runs).await, Ok(1));
    }
}
