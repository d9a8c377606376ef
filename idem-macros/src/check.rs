//! What the options, the template and the function say of each other.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, Pat, ReceiverKind};

use crate::errors::Errors;
use crate::function::{Function, Shape, argument};
use crate::names::Names;
use crate::options::{Fingerprint, Listed, OnErr, Options, Time, duration};
use crate::suggest;
use crate::template::Template;

const DEFAULT_TTL: u64 = 86_400_000;

/// Tells the options that are missing. Without options there is no place but the function's name.
pub(crate) fn missing(options: &Options, function: &Function, errors: &mut Errors) {
    let name = &function.sig.ident;
    let hole = function.names.texts().find(|name| *name != "self").unwrap_or("id");
    let key = format!("key = \"{name}:{{{hole}}}\"");
    let strategy = "strategy = \"setnx\"";
    let (what, write) = match (options.wrote_key(), options.wrote_strategy()) {
        (true, true) => return,
        (false, true) => ("`key`", key),
        (true, false) => ("`strategy`", strategy.to_owned()),
        (false, false) => ("`key` and `strategy`", format!("#[idempotent({key}, {strategy})]")),
    };
    errors.at(name.span(), format!("`{name}` is guarded without {what}: write `{write}`"));
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

const RULE: &str = "`on_cancel = \"finish\"` lets the body outlive its caller, so";

/// Tells what a body that outlives its caller can't have.
pub(crate) fn borrows(options: &Options, function: &Function, errors: &mut Errors) {
    if !options.finishes() {
        return;
    }
    for argument in &function.sig.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                let borrowed = match &receiver.kind {
                    ReceiverKind::Reference(..) => true,
                    ReceiverKind::Typed(_, ty) => borrowed(ty.to_token_stream()),
                    _ => false,
                };
                if borrowed {
                    let message = format!("{RULE} it can't borrow `self`: take `self: Arc<Self>`");
                    errors.under(receiver, message);
                }
            }
            FnArg::Typed(typed) => {
                if borrowed(typed.ty.to_token_stream()) {
                    errors.under(
                        &typed.ty,
                        format!("{RULE} it can't borrow: take the value itself, or an `Arc` of it"),
                    );
                }
                if let Some(span) = by_ref(&typed.pat) {
                    errors.at(
                        span,
                        format!("{RULE} it can't borrow a part of a parameter: remove the `ref`"),
                    );
                }
            }
        }
    }
}

/// Tells a result that is to be stored and borrows. Behind an alias the compiler tells it.
pub(crate) fn results(options: &Options, function: &Function, errors: &mut Errors) {
    if options.rejects() || options.codec.is_some() {
        return;
    }
    let value = function.output().and_then(|output| argument(output, "Result"));
    if let Some(value) = value
        && has_loan(value.to_token_stream())
    {
        errors.under(
            value,
            "a result is stored and outlives the call, so it can't borrow: return an owned value, \
             or write `on_duplicate = \"reject\"`, which stores none",
        );
    }
}

/// Whether a type has a reference or a lifetime anywhere: nothing decodes to one, `'static` neither.
fn has_loan(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Group(group) => has_loan(group.stream()),
        _ => false,
    })
}

/// Whether a type borrows: it has a reference or a lifetime other than `'static`. What stands in the
/// parentheses of `Fn(&str)` and after `for` is no loan of the value's own.
fn borrowed(ty: TokenStream) -> bool {
    let mut tokens = ty.into_iter().peekable();
    let mut before = None;
    while let Some(token) = tokens.next() {
        let found = match &token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let quote =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                !quote
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let local = matches!(&before, Some(word) if word == "for");
                let name = tokens.peek().map(ToString::to_string);
                !local && name.as_deref() != Some("static")
            }
            TokenTree::Group(group) => {
                let call = group.delimiter() == Delimiter::Parenthesis && before.is_some();
                !call && borrowed(group.stream())
            }
            _ => false,
        };
        if found {
            return true;
        }
        before = match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            // `for<'a>`: the word still counts.
            TokenTree::Punct(punct) if punct.as_char() == '<' => {
                before.filter(|word| word == "for")
            }
            _ => None,
        };
    }
    false
}

fn by_ref(pat: &Pat) -> Option<Span> {
    match pat {
        Pat::Ident(name) => match (&name.by_ref, &name.subpat) {
            (Some(token), _) => Some(token.span),
            (None, Some((_, inner))) => by_ref(inner),
            (None, None) => None,
        },
        Pat::Or(or) => or.cases.iter().find_map(by_ref),
        Pat::Paren(paren) => by_ref(&paren.pat),
        Pat::Reference(reference) => by_ref(&reference.pat),
        Pat::Slice(slice) => slice.elems.iter().find_map(by_ref),
        Pat::Struct(of) => of.fields.iter().find_map(|field| by_ref(&field.pat)),
        Pat::Tuple(tuple) => tuple.elems.iter().find_map(by_ref),
        Pat::TupleStruct(of) => of.elems.iter().find_map(by_ref),
        _ => None,
    }
}

/// Tells names in `fingerprint(…)` that are in no scope.
pub(crate) fn fingerprint(options: &Options, function: &Function, errors: &mut Errors) {
    let Some(Fingerprint::Places(places)) = &options.fingerprint else { return };
    for Listed { place, root, .. } in places {
        if function.names.get(&place.root).is_none() {
            errors.at(root.span(), no_parameter(&place.root, function, ""));
        }
    }
}

/// What is to be told of the template's unknown names.
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
    if compiler_can_tell(template, function, names) {
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

/// `format_args!` knows plain names only, and would take a constant for one.
fn compiler_can_tell(template: &Template, function: &Function, names: &Names) -> bool {
    matches!(function.shape, Shape::Async)
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
    match suggest::list(names, "and") {
        list if list.is_empty() => format!("{told}, which has none"),
        list => format!("{told}; there is {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::borrowed;

    #[test]
    fn what_borrows() {
        for ty in ["&str", "&'a u8", "Cow<'_, str>", "(u8, &u8)", "Option<&T>", "Box<dyn A + 'a>"] {
            assert!(borrowed(ty.parse().expect("tokens")), "{ty}");
        }
    }

    #[test]
    fn what_does_not() {
        for ty in [
            "String",
            "&'static str",
            "Cow<'static, str>",
            "fn(&str) -> u8",
            "impl Fn(&str)",
            "Box<dyn for<'a> Fn(&'a str)>",
        ] {
            assert!(!borrowed(ty.parse().expect("tokens")), "{ty}");
        }
    }
}
