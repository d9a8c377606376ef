//! Tokens that somebody made up to get a second use, or another's.

use idem::{Idem, InvalidToken, Token, TokenKey};
use proptest::prelude::*;
use serde_json::json;

use crate::forge::{self, HEADER, claims, encode, now, signed};
use crate::support::{LIFE, SECRET, in_memory, pay, refusal};

const SEED: [u8; 32] = [3; 32];

/// An engine of an Ed25519 key `ed` and an HS256 key `hs`.
async fn of_two_keys() -> Idem {
    let keys = [TokenKey::ed25519("ed", &SEED), TokenKey::hs256("hs", SECRET)];
    Idem::builder().memory().token_keys(keys).build().await.unwrap()
}

/// C97: whatever its signature is.
#[tokio::test]
async fn no_other_spelling_of_an_algorithm_is_one() {
    let (one, two) = (in_memory().await, of_two_keys().await);
    for alg in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        " ",
        "HS256 ",
        "hs256",
        "Hs256",
        "HS384",
        "HS512",
        "RS256",
        "ES256",
        "PS256",
        "EdDsa",
        "eddsa",
        "Ed25519",
        "HS256\u{0}",
    ] {
        for kid in [None, Some("ed"), Some("hs")] {
            let header = json!({ "alg": alg, "kid": kid });
            let mut header = header.as_object().unwrap().clone();
            header.retain(|_, value| !value.is_null());
            let header = serde_json::to_string(&header).unwrap();
            for token in [
                signed(&header, forge::good()),
                forge::with_signature(&header, forge::good(), []),
                forge::by_ed25519(&header, forge::good(), &SEED),
            ] {
                for idem in [&one, &two] {
                    let reason = refusal(idem, &token).await;
                    assert_eq!(reason, Some(InvalidToken::WrongAlgorithm), "{header}");
                }
            }
        }
    }
}

/// The classic: the public key, which everybody has, as the secret of an HMAC.
#[tokio::test]
async fn a_key_verifies_by_its_own_algorithm_only() {
    let idem = of_two_keys().await;
    let public = TokenKey::ed25519("ed", &SEED).public().unwrap();
    let confused = [
        forge::by_hmac(r#"{"alg":"HS256","kid":"ed"}"#, forge::good(), &public),
        forge::by_ed25519(r#"{"alg":"EdDSA","kid":"hs"}"#, forge::good(), &SEED),
    ];
    for token in &confused {
        assert_eq!(refusal(&idem, token).await, Some(InvalidToken::WrongAlgorithm));
    }
    for token in [
        forge::by_hmac(r#"{"alg":"EdDSA","kid":"ed"}"#, forge::good(), &public),
        forge::by_ed25519(r#"{"alg":"HS256","kid":"hs"}"#, forge::good(), &SEED),
        forge::by_ed25519(r#"{"alg":"EdDSA","kid":"ed"}"#, forge::good(), &[4; 32]),
        forge::with_signature(r#"{"alg":"EdDSA","kid":"ed"}"#, forge::good(), [0; 64]),
        forge::with_signature(r#"{"alg":"HS256","kid":"hs"}"#, forge::good(), []),
    ] {
        assert_eq!(refusal(&idem, &token).await, Some(InvalidToken::BadSignature));
    }
    // What is taken, for comparison.
    let right = forge::by_ed25519(r#"{"alg":"EdDSA","kid":"ed"}"#, forge::good(), &SEED);
    assert_eq!(refusal(&idem, &right).await, None);
    assert_eq!(refusal(&idem, &signed(r#"{"alg":"HS256","kid":"hs"}"#, forge::good())).await, None);
}

#[tokio::test]
async fn a_key_is_found_by_its_exact_id() {
    let idem = of_two_keys().await;
    for header in [
        HEADER.to_owned(),
        r#"{"alg":"HS256","kid":null}"#.to_owned(),
        r#"{"alg":"HS256","kid":""}"#.to_owned(),
        r#"{"alg":"HS256","kid":"HS"}"#.to_owned(),
        r#"{"alg":"HS256","kid":"hs "}"#.to_owned(),
        r#"{"alg":"HS256","kid":"../../dev/null"}"#.to_owned(),
        format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "h".repeat(1000)),
    ] {
        let reason = refusal(&idem, &signed(&header, forge::good())).await;
        assert_eq!(reason, Some(InvalidToken::UnknownKey), "{header}");
    }
}

/// Nothing that a verifier would have to look up or to believe is part of the form.
#[tokio::test]
async fn a_header_has_three_fields_and_no_others() {
    let idem = in_memory().await;
    for header in [
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#,
        r#"{"alg":"HS256","jku":"https://example.com"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":256}"#,
        r#"{"typ":"JWT"}"#,
        r#"["HS256"]"#,
        r#"{"alg":"HS256"}{}"#,
        "{}",
        "",
        "null",
    ] {
        let reason = refusal(&idem, &signed(header, forge::good())).await;
        assert_eq!(reason, Some(InvalidToken::Malformed), "{header}");
    }
}

/// Signed by the right secret, and still not believed.
#[tokio::test]
async fn claims_that_can_not_be_are_refused() {
    let idem = in_memory().await;
    let huge = "9".repeat(400);
    for wrong in [
        claims(&json!({ "iat": -1 })),
        claims(&json!({ "exp": -1 })),
        claims(&json!({ "exp": now(), "iat": now() })),
        claims(&json!({ "exp": now() - 1 })),
        claims(&json!({ "exp": u64::MAX })),
        claims(&json!({ "exp": u64::MAX, "iat": u64::MAX })).replace("\"iat\":18", "\"iat\":28"),
        claims(&json!({ "exp": 1e300 })),
        claims(&json!({ "iat": 1.5 })),
        claims(&json!({ "iat": "0" })),
        claims(&json!({ "exp": null })),
        claims(&json!({ "exp": now() + 101 * 366 * 86_400 })),
        claims(&json!({ "jti": "" })),
        claims(&json!({ "jti": "a:b" })),
        claims(&json!({ "jti": "a\n" })),
        claims(&json!({ "jti": "ü" })),
        claims(&json!({ "jti": "x".repeat(65) })),
        claims(&json!({ "jti": 7 })),
        claims(&json!({ "aud": ["pay"] })),
        claims(&json!({ "nbf": 0 })),
        claims(&json!({ "admin": true })),
        claims(&json!({})).replacen('{', "{\"sub\":\"pay:1\",", 1),
        claims(&json!({})).replacen('{', "{\"exp\":1,", 1),
        claims(&json!({ "exp": 0 })).replace("\"exp\":0", &format!("\"exp\":{huge}")),
        "{}".to_owned(),
        "[]".to_owned(),
        format!(r#"["pay","pay:1","id",{},{}]"#, now(), now() + 60),
        String::new(),
        "[".repeat(2000),
    ] {
        let reason = refusal(&idem, &signed(HEADER, &wrong)).await;
        assert_eq!(reason, Some(InvalidToken::Malformed), "{wrong}");
    }
    let not_utf8 = forge::good().into_bytes().into_iter().map(|b| if b == b'y' { 0xff } else { b });
    let reason = refusal(&idem, &signed(HEADER, not_utf8.collect::<Vec<_>>())).await;
    assert_eq!(reason, Some(InvalidToken::Malformed));
}

/// A signature that holds over claims of another form: the example of RFC 7515, A.1.
#[tokio::test]
async fn a_token_of_somebody_else_with_the_same_secret_is_none() {
    const EXAMPLE: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkz\
        ODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const ITS_SECRET: [u8; 64] = [
        3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230,
        240, 84, 201, 40, 169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239,
        150, 138, 180, 195, 119, 98, 61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245,
        103, 208, 128, 163,
    ];
    let token = Token::from(EXAMPLE.to_owned());
    let idem = Idem::builder().memory().token_secret(ITS_SECRET).build().await.unwrap();
    assert_eq!(refusal(&idem, &token).await, Some(InvalidToken::Malformed));
    assert_eq!(refusal(&in_memory().await, &token).await, Some(InvalidToken::BadSignature));
}

/// Each byte left out from the end, each bit of each byte flipped: no other text of a token is one,
/// and of what is signed no change is believed.
#[tokio::test]
async fn a_token_has_one_text() {
    // Every bit of the one; of the other, whose verification is slow, some of each byte.
    for (idem, step) in [(in_memory().await, 1), (of_two_keys().await, 7)] {
        let token = idem.issue_token(&pay(1), LIFE).unwrap();
        let text = token.as_str();
        for end in 0..text.len() {
            let cut = refusal(&idem, &Token::from(text[..end].to_owned())).await;
            assert!(cut.is_some(), "cut at {end}");
        }
        for (at, bit) in (0..8 * text.len()).step_by(step).map(|bit| (bit / 8, bit % 8)) {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            // What is no UTF-8 can't become a token at all.
            if let Ok(text) = String::from_utf8(bytes) {
                let flipped = refusal(&idem, &Token::from(text)).await;
                assert!(flipped.is_some(), "bit {bit} at {at}");
            }
        }
        let (signed, signature) = text.rsplit_once('.').unwrap();
        for (other, reason) in [
            (format!("{text}."), InvalidToken::Malformed),
            (format!(".{text}"), InvalidToken::Malformed),
            (format!("{text}.{signature}"), InvalidToken::Malformed),
            (format!("{signed}..{signature}"), InvalidToken::Malformed),
            (format!("{signed}."), InvalidToken::BadSignature),
            (format!("{text}="), InvalidToken::Malformed),
            (format!("{text}=="), InvalidToken::Malformed),
            (format!("{text} "), InvalidToken::Malformed),
            (format!("{text}\n"), InvalidToken::Malformed),
            (format!("Bearer {text}"), InvalidToken::Malformed),
            (format!("{text}A"), InvalidToken::BadSignature),
            (text.replace('.', "=."), InvalidToken::Malformed),
            ("..".to_owned(), InvalidToken::Malformed),
            (String::new(), InvalidToken::Malformed),
        ] {
            let told = refusal(&idem, &Token::from(other.clone())).await;
            assert_eq!(told, Some(reason), "{other}");
        }
        assert_eq!(refusal(&idem, &token).await, None);
    }
}

/// The last character of a signature has bits to spare: set, they would be a second text.
#[tokio::test]
async fn stray_bits_are_no_second_spelling() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let idem = in_memory().await;
    let mut text = idem.issue_token(&pay(1), LIFE).unwrap().as_str().to_owned();
    let last = text.pop().unwrap();
    for other in ALPHABET.iter().map(|byte| char::from(*byte)).filter(|other| *other != last) {
        assert!(refusal(&idem, &Token::from(format!("{text}{other}"))).await.is_some(), "{other}");
    }
}

#[tokio::test]
async fn a_huge_token_is_refused_unread() {
    let idem = in_memory().await;
    let long = claims(&json!({ "sub": "x".repeat(4096) }));
    assert_eq!(refusal(&idem, &signed(HEADER, long)).await, Some(InvalidToken::Malformed));
    let huge = Token::from(".".repeat(64 << 20));
    assert_eq!(refusal(&idem, &huge).await, Some(InvalidToken::Malformed));
}

/// A text with the look of a token: parts of its alphabet, or JSON that is encoded.
fn text() -> impl Strategy<Value = String> {
    let json = prop_oneof![
        "[ -~]{0,40}",
        Just(HEADER.to_owned()),
        Just(r#"{"alg":"EdDSA","kid":"ed"}"#.to_owned()),
        "(\\{\"(alg|kid|aud|sub|jti|iat|exp)\":(\"[a-z]{0,5}\"|-?[0-9]{1,25}|null|\\[\\])\\}){1,3}",
    ];
    let part = prop_oneof!["[A-Za-z0-9_=-]{0,60}", json.prop_map(encode), "\\PC{0,20}"];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.join("."))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_none_is_taken(text in text()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let refused = runtime.block_on(async {
            let token = Token::from(text);
            [refusal(&in_memory().await, &token).await, refusal(&of_two_keys().await, &token).await]
        });
        prop_assert!(refused.iter().all(Option::is_some));
    }

    /// Signed by the right secret: what is inside is read, and never trusted blindly.
    #[test]
    fn no_claims_make_it_panic(claims in prop::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let refused = runtime.block_on(async {
            refusal(&in_memory().await, &signed(HEADER, claims)).await
        });
        prop_assert_eq!(refused, Some(InvalidToken::Malformed));
    }
}
