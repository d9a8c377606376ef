use super::parse;

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
