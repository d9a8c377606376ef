//! The key template: literal text and `{placeholders}`.

use syn::LitStr;

use crate::errors::Errors;
use crate::place::{Place, Step, is_name};

/// A template that keeps the rules, as far as they need no names and no types.
pub(crate) struct Template {
    /// The string as the user wrote it: where mistakes are reported.
    pub(crate) literal: LitStr,
    /// What is guarded.
    pub(crate) operation: String,
    /// Each placeholder with the literal text after it.
    pub(crate) parts: Vec<(Placeholder, String)>,
}

/// A `{…}` of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) place: Place,
    /// Where its `{` stands: characters from the start of the key, from 1.
    pub(crate) column: usize,
}

impl Template {
    /// Parses a template and tells all its mistakes; `None` if there were any.
    pub(crate) fn parse(literal: LitStr, errors: &mut Errors) -> Option<Self> {
        let (template, mistakes) = parse(&literal.value());
        if mistakes.is_empty() {
            let (operation, parts) = template;
            return Some(Self { literal, operation, parts });
        }
        for mistake in mistakes {
            errors.at(literal.span(), mistake);
        }
        None
    }
}

type Parts = (String, Vec<(Placeholder, String)>);

fn parse(text: &str) -> (Parts, Vec<String>) {
    let mut mistakes = Vec::new();
    let mut lead = String::new();
    let mut parts: Vec<(Placeholder, String)> = Vec::new();
    let mut holes = 0;
    let mut chars = text.chars().zip(1..).peekable();
    while let Some((char, column)) = chars.next() {
        let literal = parts.last_mut().map_or(&mut lead, |(_, after)| after);
        match char {
            '{' | '}' if chars.next_if(|(next, _)| *next == char).is_some() => literal.push(char),
            '}' => mistakes.push(format!(
                "`}}` at column {column} of the key closes nothing: a brace as text is `}}}}`"
            )),
            '{' => {
                holes += 1;
                let mut inner = String::new();
                // Braces in a placeholder are a part of its mistake, and no other one.
                let mut open = 1;
                let closed = loop {
                    let Some((char, _)) = chars.next() else { break false };
                    match char {
                        '{' => open += 1,
                        '}' => open -= 1,
                        _ => {}
                    }
                    if open == 0 {
                        break true;
                    }
                    inner.push(char);
                };
                if !closed {
                    mistakes.push(format!(
                        "`{{` at column {column} of the key is not closed: write `{{name}}`, or \
                         `{{{{` for a brace as text"
                    ));
                    break;
                }
                match place(&inner) {
                    Ok(place) => parts.push((Placeholder { place, column }, String::new())),
                    Err(why) => {
                        let inner = visible(&inner);
                        mistakes
                            .push(format!("`{{{inner}}}` at column {column} of the key: {why}"));
                    }
                }
            }
            _ => literal.push(char),
        }
    }
    if mistakes.is_empty() {
        shape(&lead, &parts, holes, &mut mistakes);
    }
    let operation = lead.trim_end_matches(|char: char| !char.is_alphanumeric()).to_owned();
    ((operation, parts), mistakes)
}

/// The rules about how literals and placeholders stand to each other.
fn shape(lead: &str, parts: &[(Placeholder, String)], holes: usize, mistakes: &mut Vec<String>) {
    if holes == 0 {
        mistakes.push(if let Some(name) = in_braces(lead) {
            format!(
                "the key has no placeholder, so all calls would be one request: `{{{{{name}}}}}` is \
                 text in braces, write `{{{name}}}`"
            )
        } else if lead.is_empty() {
            "the key is empty: write the operation's name and what tells its requests apart, such \
             as `\"charge:{order_id}\"`"
                .to_owned()
        } else if let Some((written, name)) = in_other_signs(lead) {
            format!(
                "the key has no placeholder, so all calls would be one request: `{written}` is \
                 text, write `{{{name}}}`"
            )
        } else {
            "the key has no placeholder, so all calls would be one request: add what tells them \
             apart, such as `{order_id}`"
                .to_owned()
        });
    } else if !lead.chars().any(char::is_alphanumeric) {
        mistakes.push(
            "the key starts with its operation's name, so that two operations can't answer for \
             each other: write `\"charge:{…}\"`"
                .to_owned(),
        );
    }
    let literals = || std::iter::once(lead).chain(parts.iter().map(|(_, after)| after.as_str()));
    if let Some(char) = literals().flat_map(str::chars).find(|char| char.is_control()) {
        let char = char.escape_default();
        mistakes.push(format!("a key is one line of plain text: remove the `{char}` from it"));
    } else if lead.starts_with(char::is_whitespace)
        || literals().last().is_some_and(|end| end.ends_with(char::is_whitespace))
    {
        mistakes.push(
            "a key has no spaces at its ends, where nobody sees them: remove them".to_owned(),
        );
    }
    for (at, (again, _)) in parts.iter().enumerate() {
        if parts[..at].iter().any(|(before, _)| before.place == again.place) {
            let Placeholder { place, column } = again;
            mistakes.push(format!(
                "`{{{place}}}` at column {column} of the key stands before it already, and adds \
                 nothing: remove it, or name what was meant"
            ));
        }
    }
    for pair in parts.windows(2) {
        let ((before, between), (after, _)) = (&pair[0], &pair[1]);
        if !between.chars().any(separates) {
            let (before, after) = (&before.place, &after.place);
            let why = if between.is_empty() {
                "stand side by side".to_owned()
            } else {
                format!("have only `{between}` between them, which values may contain")
            };
            mistakes.push(format!(
                "`{{{before}}}` and `{{{after}}}` at column {} of the key {why}, so two requests \
                 could have one key: write `{{{before}}}:{{{after}}}`",
                pair[1].0.column,
            ));
        }
    }
}

/// What stands between braces that are text, and would be a placeholder in single ones.
fn in_braces(lead: &str) -> Option<&str> {
    let (_, after) = lead.split_once('{')?;
    let (name, _) = after.split_once('}')?;
    place(name).is_ok().then_some(name)
}

/// What stands in the signs of another template language, and its name.
fn in_other_signs(lead: &str) -> Option<(&str, &str)> {
    for (open, close) in [("<", ">"), ("[", "]"), ("$", ""), ("#", ""), ("%", "")] {
        let Some((before, after)) = lead.split_once(open) else { continue };
        let end = after.find(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '.')));
        let name = &after[..end.unwrap_or(after.len())];
        if after[name.len()..].starts_with(close) && name.len() > 1 && place(name).is_ok() {
            let written = &lead[before.len()..][..open.len() + name.len() + close.len()];
            return Some((written, name));
        }
    }
    None
}

/// Whether values never contain this character: it is percent-encoded in them.
fn separates(char: char) -> bool {
    !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '~' | '-' | '%'))
}

/// What a placeholder says, or what is wrong with it.
fn place(text: &str) -> Result<Place, String> {
    let tidy = text.trim();
    if tidy.is_empty() || tidy.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a placeholder names a parameter, such as `{order_id}`".to_owned());
    }
    if tidy != text {
        return Err(format!("a placeholder has no spaces around it: write `{{{tidy}}}`"));
    }
    let colon = text.replace("::", "  ").find(':');
    if let Some((before, _)) = colon.map(|at| text.split_at(at)) {
        return Err(format!(
            "a key has no format specs, every value has one text: write `{{{before}}}`"
        ));
    }
    let mut steps = text.split('.');
    let root = steps.next().unwrap_or_default();
    let root = root.strip_prefix("r#").unwrap_or(root);
    if root == "_" {
        return Err("`_` is no name: give the parameter one".to_owned());
    }
    if !is_name(root) {
        return Err(expression(text));
    }
    let steps = steps.map(|step| self::step(step).ok_or_else(|| expression(text)));
    Ok(Place { root: root.to_owned(), steps: steps.collect::<Result<_, _>>()? })
}

/// The text, with a character that can't be seen as its escape.
fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for char in text.chars() {
        let escaped = char.escape_debug();
        if escaped.len() > 2 { seen.extend(escaped) } else { seen.push(char) }
    }
    seen
}

fn step(text: &str) -> Option<Step> {
    if text == "await" {
        return None;
    }
    let name = text.strip_prefix("r#").unwrap_or(text);
    // These name no field, not even as raw identifiers.
    if matches!(name.trim_end_matches("()"), "self" | "Self" | "super" | "crate") {
        return None;
    }
    if let Some(method) = name.strip_suffix("()") {
        return is_name(method).then(|| Step::Method(method.to_owned()));
    }
    let digits = name.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty();
    if digits && (name == "0" || !name.starts_with('0')) {
        return name.parse().ok().map(Step::Index);
    }
    is_name(name).then(|| Step::Field(name.to_owned()))
}

fn expression(text: &str) -> String {
    let inner = text.trim_start_matches(['&', '*', ' ']);
    if inner != text && place(inner).is_ok() {
        return format!("a key takes references as they are: write `{{{inner}}}`");
    }
    if text.to_lowercase().contains("idempotency-key") {
        return "the header is a parameter: take `key: IdempotencyKey`, and write `{key}`"
            .to_owned();
    }
    "a placeholder is a name, its fields, and methods without arguments, such as `{user.id}` or \
     `{req.id()}`; compute anything else before the call"
        .to_owned()
}

#[cfg(test)]
mod tests;
