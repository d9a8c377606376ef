use proptest::prelude::*;

use super::{Template, parse};
use crate::errors::Errors;

/// The parts as the template would be written again.
fn shown(text: &str) -> (String, Vec<(String, String)>) {
    let ((operation, parts), mistakes) = parse(text);
    assert_eq!(mistakes, Vec::<String>::new(), "{text}");
    let parts = parts.into_iter().map(|(hole, after)| (hole.place.to_string(), after)).collect();
    (operation, parts)
}

fn mistakes(text: &str) -> Vec<String> {
    parse(text).1
}

fn only_mistake(text: &str) -> String {
    let mut all = mistakes(text);
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    all.remove(0)
}

#[test]
fn a_template_is_an_operation_and_parts() {
    let (operation, parts) = shown("charge:{user.id}:{pair.0}/{req.id()}!");
    assert_eq!(operation, "charge");
    let expected = [("user.id", ":"), ("pair.0", "/"), ("req.id()", "!")];
    assert_eq!(parts, expected.map(|(place, after)| (place.to_owned(), after.to_owned())));
}

#[test]
fn the_operation_ends_with_a_letter_or_digit() {
    for (template, operation) in [
        ("charge{id}", "charge"),
        ("pay/v2:-{id}", "pay/v2"),
        ("überweisung → {id}", "überweisung"),
        ("支払い:{id}", "支払い"),
        ("a:b:{id}", "a:b"),
        ("{{x}}:{id}", "{x"),
    ] {
        assert_eq!(shown(template).0, operation, "{template}");
    }
}

#[test]
fn doubled_braces_are_text() {
    assert_eq!(shown("a{{b}}:{id}{{}}").1, [("id".to_owned(), "{}".to_owned())]);
}

#[test]
fn keywords_and_raw_names_are_names() {
    assert_eq!(shown("a:{type}:{r#match.fn}:{self.id}").1[1].0, "match.fn");
}

#[test]
fn a_separator_has_a_character_that_values_encode() {
    for good in [":", "/", " ", "|", "a:b", "{{", "ü", "#", "--:"] {
        assert!(mistakes(&format!("op:{{a}}{good}{{b}}")).is_empty(), "{good}");
    }
    for bad in ["", "-", "_", ".", "~", "x", "0", "%", "%3A"] {
        let told = only_mistake(&format!("op:{{a}}{bad}{{b}}"));
        assert!(told.contains("write `{a}:{b}`"), "{bad}: {told}");
    }
}

#[test]
fn a_key_starts_with_its_operation() {
    for bad in ["{id}", ":{id}", "--{id}", "{{}}{id}"] {
        assert!(only_mistake(bad).contains("operation's name"), "{bad}");
    }
}

#[test]
fn a_part_stands_in_a_key_once() {
    assert!(only_mistake("pay:{a}:{b.c}:{a}").starts_with("`{a}` at column 15 of the key stands"));
    assert!(only_mistake("pay:{b.c}:{b.c}").starts_with("`{b.c}` at column 11 of the key stands"));
    assert!(only_mistake("pay:{r#a}:{a}").starts_with("`{a}` at column 11 of the key stands"));
    assert_eq!(mistakes("pay:{a}:{a.b}:{a.b()}:{a.0}"), Vec::<String>::new());
}

#[test]
fn a_key_is_a_line_without_spaces_at_its_ends() {
    for text in [" pay:{a}", "pay:{a} ", "pay:{a}:\u{a0}"] {
        assert!(only_mistake(text).starts_with("a key has no spaces at its ends"), "{text:?}");
    }
    for text in ["pay:\n{a}", "pay:{a}\t:{b}", "pay:{a}\r"] {
        assert!(only_mistake(text).starts_with("a key is one line"), "{text:?}");
    }
    assert_eq!(mistakes("pay order {a} of {b}:x y"), Vec::<String>::new());
}

#[test]
fn a_key_has_a_placeholder() {
    assert!(only_mistake("charge").contains("no placeholder"));
    assert!(only_mistake("").contains("empty"));
    assert!(only_mistake("{{id}}").contains("no placeholder"));
}

#[test]
fn braces_pair_up() {
    assert!(only_mistake("a:{id").contains("column 3"));
    assert!(only_mistake("a:id}").contains("column 5"));
    assert!(only_mistake("ü:{id").contains("column 3"), "columns are characters, not bytes");
}

#[test]
fn placeholders_are_names_and_their_fields() {
    for (bad, told) in [
        ("", "names a parameter"),
        ("0", "names a parameter"),
        (" id", "write `{id}`"),
        ("id ", "write `{id}`"),
        ("id:?", "write `{id}`"),
        ("id:>08", "write `{id}`"),
        ("a.b:x", "write `{a.b}`"),
        ("&id", "write `{id}`"),
        ("*id", "write `{id}`"),
        ("_", "give the parameter one"),
        ("a+b", "compute anything else"),
        ("a.b(c)", "compute anything else"),
        ("f()", "compute anything else"),
        ("a[0]", "compute anything else"),
        ("A::B", "compute anything else"),
        ("a.", "compute anything else"),
        ("a..b", "compute anything else"),
        ("a.00", "compute anything else"),
        ("a?", "compute anything else"),
        ("a.await?", "compute anything else"),
        ("a. b", "compute anything else"),
        ("a.b ()", "compute anything else"),
        ("a .b", "compute anything else"),
        ("a.b/**/.c", "compute anything else"),
        ("a.self", "compute anything else"),
        ("a.r#crate()", "compute anything else"),
        ("\"x\"", "compute anything else"),
    ] {
        let message = only_mistake(&format!("op:{{{bad}}}"));
        assert!(message.contains(told), "{bad}: {message}");
    }
}

#[test]
fn independent_mistakes_are_told_together() {
    assert_eq!(mistakes("op:{a+b}:{c:?}").len(), 2);
    assert_eq!(mistakes("{a}{b}").len(), 2);
}

#[test]
fn a_character_that_cannot_be_seen_is_told_by_its_escape() {
    let told = only_mistake("op:{a\u{200b}b}");
    assert!(told.starts_with("`{a\\u{200b}b}` at"), "{told}");
    let told = only_mistake("op:{a\"b'c}");
    assert!(told.starts_with("`{a\"b'c}` at"), "what is seen stays as it was written: {told}");
}

#[test]
fn a_template_without_mistakes_is_taken() {
    let taken = |text| {
        let literal = syn::LitStr::new(text, proc_macro2::Span::call_site());
        Template::parse(literal, &mut Errors::default())
    };
    assert_eq!(taken("charge:{id}").map(|template| template.operation), Some("charge".to_owned()));
    assert!(taken("charge").is_none());
}

fn place() -> impl Strategy<Value = String> {
    let step = prop_oneof!["[a-z][a-z0-9]{0,3}", "[1-9][0-9]?", "[a-z][a-z0-9]{0,3}\\(\\)"];
    ("[a-z][a-z0-9]{0,5}", prop::collection::vec(step, 0..3))
        .prop_map(|(root, steps)| std::iter::once(root).chain(steps).collect::<Vec<_>>().join("."))
        .prop_filter("keywords are no names", |place| {
            place.split('.').all(|step| {
                let name = step.trim_end_matches("()");
                name.parse::<u32>().is_ok() || syn::parse_str::<syn::Ident>(name).is_ok()
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What keeps the rules is read as it was written.
    #[test]
    fn a_template_is_read_as_it_was_written(
        lead in "[a-z]{1,5}[:/]?",
        parts in prop::collection::hash_map(place(), "[:/|][a-z{}]{0,3}", 1..4),
    ) {
        let parts: Vec<_> = parts.into_iter().collect();
        let mut text = lead.clone();
        for (place, after) in &parts {
            let after = after.replace('{', "{{").replace('}', "}}");
            text.extend(["{", place.as_str(), "}", after.as_str()]);
        }
        let ((operation, read), mistakes) = parse(&text);
        prop_assert_eq!(mistakes, Vec::<String>::new());
        prop_assert_eq!(operation, lead.trim_end_matches([':', '/']));
        let read: Vec<_> =
            read.into_iter().map(|(hole, after)| (hole.place.to_string(), after)).collect();
        prop_assert_eq!(read, parts);
    }

    /// Any text is a template, or has a mistake that is told; each placeholder stands where it says.
    #[test]
    fn no_text_makes_it_panic(text in "([{}:. r#()a-z0-9]|\\PC){0,30}") {
        let ((operation, parts), mistakes) = parse(&text);
        if mistakes.is_empty() {
            prop_assert!(!operation.is_empty() && !parts.is_empty(), "{}", text);
            for (hole, _) in parts {
                prop_assert_eq!(text.chars().nth(hole.column - 1), Some('{'));
            }
        }
    }
}
