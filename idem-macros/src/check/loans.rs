//! What may not borrow: a body that outlives its caller, a result that is stored.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, Pat, ReceiverKind};

use crate::errors::Errors;
use crate::function::{Function, argument};
use crate::options::Options;

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

/// Whether a type has a reference or a lifetime anywhere: nothing is decoded into one, not even into a
/// `'static` one.
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

#[cfg(test)]
mod tests {
    use super::{borrowed, has_loan};

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

    /// Nothing is decoded to a loan, for however long it would be good.
    #[test]
    fn what_is_stored_has_no_loan_anywhere() {
        for ty in ["&str", "&'static str", "Cow<'static, str>", "(u8, [&u8; 2])"] {
            assert!(has_loan(ty.parse().expect("tokens")), "{ty}");
        }
        for ty in ["String", "(u8, [u8; 2])", "Vec<Option<T>>"] {
            assert!(!has_loan(ty.parse().expect("tokens")), "{ty}");
        }
    }
}
