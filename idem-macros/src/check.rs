//! What the options, the template and the function say of each other.

mod engine;
mod entity;
mod fingerprint;
mod forgotten;
mod loans;
mod token;
mod transaction;

use proc_macro2::Span;

use crate::errors::Errors;
use crate::function::{Function, Shape};
use crate::names::Names;
use crate::options::{Listed, OnErr, OptionName, Options, Row, Time, duration};
use crate::suggest;
use crate::template::Template;
pub(crate) use engine::engine;
pub(crate) use entity::entity;
pub(crate) use fingerprint::{fingerprint, is_in_key};
pub(crate) use loans::{borrows, results};
pub(crate) use token::token;
pub(crate) use transaction::transaction;

const DEFAULT_TTL: u64 = 86_400_000;

/// Tells the options that are missing. Without options there is no place but the function's name.
pub(crate) fn missing(options: &Options, function: &Function, errors: &mut Errors) {
    let name = &function.sig.ident;
    let hole = function.names.texts().find(|name| *name != "self").unwrap_or("id");
    let mut lacking = Vec::new();
    if !options.wrote_key() {
        lacking.push(("key", format!("key = \"{name}:{{{hole}}}\"")));
    }
    if !options.wrote_strategy() {
        lacking.push(("strategy", "strategy = \"setnx\"".to_owned()));
    }
    let all = lacking.len() == 2;
    lacking.extend(options.lacking().map(|row| (row.name, write_here(row, function))));
    if lacking.is_empty() {
        return;
    }
    let (names, write): (Vec<_>, Vec<_>) = lacking.into_iter().unzip();
    let (names, write) = (suggest::list(names, "and"), write.join(", "));
    let write = if all { format!("#[idempotent({write})]") } else { write };
    errors.at(name.span(), format!("`{name}` is guarded without {names}: write `{write}`"));
}

/// How a needed option would be written on this function.
fn write_here(row: &Row, function: &Function) -> String {
    let meant = |text: &&str| row.option == OptionName::Token && text.contains("token");
    match function.names.texts().find(meant) {
        Some(parameter) => format!("{} = {parameter}", row.name),
        None => row.example.to_owned(),
    }
}

/// Tells options that contradict each other.
pub(crate) fn contradictions(options: &Options, errors: &mut Errors) {
    times(options, errors);
    if options.rejects() {
        if let Some(codec) = &options.codec {
            errors.under(
                codec,
                "`on_duplicate = \"reject\"` stores no result, so no codec encodes it: remove \
                 `codec`",
            );
        }
        if let Some(OnErr::Word(word)) = &options.on_err
            && word.text == "store"
        {
            errors.at(
                word.span,
                "`on_duplicate = \"reject\"` stores no result: write `on_err = \"hold\"` or \
                 `\"release\"`",
            );
        }
    }
}

fn times(options: &Options, errors: &mut Errors) {
    let ttl = options.ttl.map_or(DEFAULT_TTL, |ttl| ttl.millis);
    match options.lease {
        Some(lease) if lease.millis > ttl / 2 => {
            let ttl_is = if options.ttl.is_some() { "" } else { " (24h unless set)" };
            let longer = duration::spell(lease.millis.saturating_mul(2));
            let half = ttl / 2;
            let remedy = if half == 0 {
                format!("write `ttl = \"{longer}\"`")
            } else {
                let half = duration::spell(half);
                format!("write `lease = \"{half}\"` or less, or `ttl = \"{longer}\"`")
            };
            errors.at(
                lease.span,
                format!(
                    "a lease is at most half of `ttl`{ttl_is}, so that it lapses before its \
                     record does: {remedy}"
                ),
            );
        }
        None if ttl < 2 => {
            let span = options.ttl.map_or_else(Span::call_site, |Time { span, .. }| span);
            errors.at(
                span,
                "`ttl` is at least twice the lease, which is at least `\"1ms\"`: write \
                 `ttl = \"2ms\"` or more",
            );
        }
        _ => {}
    }
}

/// Tells names in `fingerprint(…)` and `token = …` that are in no scope.
pub(crate) fn values(options: &Options, function: &Function, errors: &mut Errors) {
    for Listed { place, root, .. } in options.compared().iter().chain(&options.token) {
        if function.names.get(&place.root).is_none() {
            errors.at(root.span(), no_parameter(&place.root, function, ""));
        }
    }
}

/// Who tells the template's unknown names.
pub(crate) enum Unknown {
    /// All names are known.
    None,
    /// Told.
    Told,
    /// Left to the compiler's own `format_args!`, which underlines the very characters.
    LeftToCompiler(Vec<String>),
}

/// Finds placeholders that start at no name in scope.
pub(crate) fn placeholders(
    template: &Template,
    function: &Function,
    errors: &mut Errors,
) -> Unknown {
    let names = &function.names;
    let unknown: Vec<_> = template
        .parts
        .iter()
        .map(|(placeholder, _)| placeholder)
        .filter(|placeholder| names.get(&placeholder.place.root).is_none())
        .collect();
    if unknown.is_empty() {
        return Unknown::None;
    }
    // Beside a mistake that the macro tells, the compiler comes to no names.
    if errors.is_empty() && compiler_can_tell(template, function, names) {
        let mut roots: Vec<_> = unknown.iter().map(|one| one.place.root.clone()).collect();
        roots.dedup();
        return Unknown::LeftToCompiler(roots);
    }
    for placeholder in unknown {
        let at =
            format!(" (`{{{}}}` at column {} of the key)", placeholder.place, placeholder.column);
        errors.at(template.literal.span(), no_parameter(&placeholder.place.root, function, &at));
    }
    Unknown::Told
}

/// `format_args!` knows plain names only, no raw ones, and would take a constant for one.
fn compiler_can_tell(template: &Template, function: &Function, names: &Names) -> bool {
    matches!(function.shape, Shape::Async)
        && !template.literal.value().contains("r#")
        && template.parts.iter().all(|(placeholder, _)| {
            let place = &placeholder.place;
            let known = names.get(&place.root).is_some();
            let near = suggest::nearest(&place.root, names.texts()).is_some();
            place.is_plain()
                && place.root != "self"
                && !place.root.contains(char::is_uppercase)
                && (known || near)
        })
}

fn no_parameter(name: &str, function: &Function, at: &str) -> String {
    let fun = &function.sig.ident;
    let names = function.names.texts();
    let told = if name == "self" {
        format!("`{fun}` has no `self`{at}")
    } else {
        format!("`{name}` is no parameter of `{fun}`{at}")
    };
    if let Some(meant) = suggest::nearest(name, names.clone()) {
        return format!("{told}: did you mean `{meant}`?");
    }
    let own = names.clone().any(|name| name == "self");
    match suggest::list(names, "and") {
        list if list.is_empty() && function.sig.inputs.is_empty() => {
            format!("{told}, which has none")
        }
        list if list.is_empty() => {
            format!("{told}, whose parameters have no names: name the one that is meant")
        }
        list if own => format!("{told}; there is {list}, and a field is written `self.{name}`"),
        list => format!("{told}; there is {list}"),
    }
}
