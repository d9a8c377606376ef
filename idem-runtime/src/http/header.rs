//! The header that a client sends its key in: an RFC 9651 string, or the bare text.

use http::{Extensions, HeaderMap, HeaderName};

use super::rejection::IdempotencyKeyRejection as Rejection;
use crate::key::IdempotencyKey;

/// Which header, and in which forms. The layer hands it on with each request.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: HeaderName,
    /// Quoted only.
    pub(super) strict: bool,
}

static USUAL: Rule = Rule { name: HeaderName::from_static("idempotency-key"), strict: false };

impl Default for Rule {
    fn default() -> Self {
        USUAL.clone()
    }
}

impl Rule {
    /// The one that the layer has handed on with a request.
    pub(super) fn of(extensions: &Extensions) -> &Self {
        extensions.get().unwrap_or(&USUAL)
    }

    /// The key among these headers.
    pub(super) fn key(&self, headers: &HeaderMap) -> Result<IdempotencyKey, Rejection> {
        let mut lines = headers.get_all(&self.name).iter();
        let line = lines.next().ok_or(Rejection::Missing)?;
        if lines.next().is_some() {
            return Err(Rejection::Repeated);
        }
        let text = match line.as_bytes().trim_ascii() {
            [] => return Err(Rejection::Empty),
            [b'"', rest @ ..] => quoted(rest)?,
            // What a proxy makes of two lines.
            bare if bare.contains(&b',') => return Err(Rejection::Repeated),
            _ if self.strict => return Err(Rejection::Unquoted),
            bare if bare.contains(&b'"') => return Err(Rejection::Malformed),
            bare => bare.to_vec(),
        };
        key(text)
    }
}

/// The text of a string whose opening quote was taken off.
fn quoted(mut bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let mut text = Vec::with_capacity(bytes.len());
    let after = loop {
        let special = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'));
        let (plain, special) = bytes.split_at(special.ok_or(Rejection::Malformed)?);
        text.extend_from_slice(plain);
        bytes = match special {
            [b'"', after @ ..] => break after,
            [b'\\', escaped @ (b'"' | b'\\'), rest @ ..] => {
                text.push(*escaped);
                rest
            }
            _ => return Err(Rejection::Malformed),
        }
    };
    match after.trim_ascii_start() {
        [] => Ok(text),
        [b',', ..] => Err(Rejection::Repeated),
        _ => Err(Rejection::Malformed),
    }
}

fn key(text: Vec<u8>) -> Result<IdempotencyKey, Rejection> {
    match text.len() {
        0 => return Err(Rejection::Empty),
        1..=255 => {}
        _ => return Err(Rejection::TooLong),
    }
    let text = String::from_utf8(text).map_err(|_| Rejection::Characters)?;
    IdempotencyKey::try_from(text).map_err(|_| Rejection::Characters)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::{Rejection, Rule};

    fn read(lines: &[&[u8]], strict: bool) -> Result<String, Rejection> {
        let rule = Rule { strict, ..Rule::default() };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&rule.name, HeaderValue::from_bytes(line).expect("a header's value"));
        }
        rule.key(&headers).map(|key| key.to_string())
    }

    #[test]
    fn a_key_is_the_same_in_both_forms() {
        for line in
            ["8e03978e-40d5", "\"8e03978e-40d5\"", "  \"8e03978e-40d5\"\t", "8e03978e-40d5 "]
        {
            assert_eq!(read(&[line.as_bytes()], false).as_deref(), Ok("8e03978e-40d5"), "{line}");
        }
        assert_eq!(read(&[b"\"k\""], true).as_deref(), Ok("k"));
        assert_eq!(read(&[b"k"], true), Err(Rejection::Unquoted));
    }

    #[test]
    fn a_quoted_key_is_unescaped() {
        assert_eq!(read(&[br#""a\"b""#], true).as_deref(), Ok("a\"b"));
        assert_eq!(read(&[br#""a\\b""#], true).as_deref(), Ok(r"a\b"));
        assert_eq!(read(&[br#""a,b;c""#], true).as_deref(), Ok("a,b;c"));
        // Bare, a backslash is a character as any other.
        assert_eq!(read(&[br"a\b"], false).as_deref(), Ok(r"a\b"));
    }

    #[test]
    fn a_string_that_is_none_is_malformed() {
        for line in [r#""a\x""#, r#""a"#, r#"""#, r#""a\"#, r#""a"b"#, r#""a"; v=1"#, r#"a"b""#] {
            assert_eq!(read(&[line.as_bytes()], false), Err(Rejection::Malformed), "{line}");
        }
    }

    #[test]
    fn there_is_one_key() {
        assert_eq!(read(&[], false), Err(Rejection::Missing));
        assert_eq!(read(&[b"a", b"a"], false), Err(Rejection::Repeated));
        for line in ["a,b", "a, b", "\"a\", \"b\"", "\"a\",\"b\"", "a, \"b\"", "a,"] {
            assert_eq!(read(&[line.as_bytes()], false), Err(Rejection::Repeated), "{line}");
        }
    }

    #[test]
    fn a_key_has_1_to_255_visible_characters() {
        for strict in [false, true] {
            let quote = if strict { "\"" } else { "" };
            let line = |text: &[u8]| [quote.as_bytes(), text, quote.as_bytes()].concat();
            assert_eq!(read(&[&line(b"")], strict), Err(Rejection::Empty));
            assert_eq!(read(&[&line(&[b'k'; 255])], strict).map(|key| key.len()), Ok(255));
            assert_eq!(read(&[&line(&[b'k'; 256])], strict), Err(Rejection::TooLong));
            for text in ["a b".as_bytes(), b"a\tb", "schlüssel".as_bytes(), b"a\xffb"] {
                assert_eq!(read(&[&line(text)], strict), Err(Rejection::Characters), "{text:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Any key can be sent as a string, and is read as it was meant.
        #[test]
        fn a_key_comes_through_its_string(text in "[!-~]{1,255}", strict: bool) {
            let line = format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
            prop_assert_eq!(read(&[line.as_bytes()], strict), Ok(text));
        }

        /// Whatever a client sends, what is taken is a key.
        #[test]
        fn what_is_taken_is_visible_text(
            line in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), b' '..=b'~', 0x80_u8..], 0..300),
            strict: bool,
        ) {
            if let Ok(key) = read(&[&line], strict) {
                prop_assert!((1..=255).contains(&key.len()), "{}", key);
                prop_assert!(key.bytes().all(|byte| byte.is_ascii_graphic()), "{}", key);
                prop_assert!(!strict || line.contains(&b'"'));
            }
        }
    }
}
