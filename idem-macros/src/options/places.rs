//! Values by their names: the list of `fingerprint(…)`, and the one of `token = …`.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Lit, Token, UnOp};

use super::table::Row;
use super::value::Value;
use crate::errors::Errors;
use crate::names::Names;
use crate::place::{Place, Step};

/// A value that an option names.
pub(crate) struct Listed {
    pub(crate) place: Place,
    /// The identifier it starts with, as written there.
    pub(crate) root: Ident,
    /// What was written after that identifier.
    pub(crate) steps: TokenStream,
}

impl Listed {
    /// The expression, by the identifier that its name is bound as.
    pub(crate) fn value(&self, names: &Names) -> Option<TokenStream> {
        let mut ident = names.get(&self.place.root)?.ident.clone();
        ident.set_span(ident.span().located_at(self.root.span()));
        let steps = &self.steps;
        Some(quote!(#ident #steps))
    }
}

/// The one place that is the value of an option.
pub(super) fn one(row: &Row, found: &Expr, errors: &mut Errors) -> Option<Listed> {
    if let Some((place, root)) = place(found) {
        return Some(Listed { place, root, steps: after_root(found.to_token_stream()) });
    }
    let message = match quoted_name(found) {
        Some(name) => format!("a name is not quoted: write `{} = {name}`", row.name),
        None if let Some(place) = referred(found) => {
            format!("`{}` takes references as they are: write `{0} = {place}`", row.name)
        }
        None => format!(
            "`{}` takes {}: write `{}`; compute anything else before the call",
            row.name, row.kind, row.example
        ),
    };
    errors.under(found, message);
    None
}

/// Parses the places between the parentheses of `fingerprint(…)`.
pub(super) fn parse(row: &Row, group: &Group, errors: &mut Errors) -> Option<Value> {
    let example = row.example;
    if group.stream().is_empty() {
        errors.at(
            group.span(),
            format!("`{}` lists nothing: write `{example}`, or `fingerprint = \"off\"`", row.name),
        );
        return None;
    }
    let list = |input: ParseStream<'_>| {
        input.call(syn::punctuated::Punctuated::<Expr, Token![,]>::parse_terminated)
    };
    let Ok(list) = list.parse2(group.stream()) else {
        errors.at(group.span(), format!("`{}` lists values: write `{example}`", row.name));
        return None;
    };
    let mut all: Vec<Listed> = Vec::new();
    let mut whole = true;
    for expr in list {
        match place(&expr) {
            Some((place, _)) if all.iter().any(|other| other.place == place) => {
                errors.under(&expr, format!("`{place}` is in the fingerprint already: remove it"));
                whole = false;
            }
            Some((place, root)) => {
                let steps = after_root(expr.into_token_stream());
                all.push(Listed { place, root, steps });
            }
            None if let Some(name) = quoted_name(&expr) => {
                errors.under(&expr, format!("a name is not quoted: write `{name}`"));
                whole = false;
            }
            None if let Some(place) = referred(&expr) => {
                let message =
                    format!("a fingerprint takes references as they are: write `{place}`");
                errors.under(&expr, message);
                whole = false;
            }
            None => {
                let message = format!(
                    "`{}` lists names, their fields, and methods without arguments, such as \
                     `{example}`; compute anything else before the call",
                    row.name
                );
                errors.under(&expr, message);
                whole = false;
            }
        }
    }
    whole.then_some(Value::Places(all))
}

/// The place that an expression is, and the identifier it starts with.
pub(crate) fn place(expr: &Expr) -> Option<(Place, Ident)> {
    match expr {
        Expr::Path(path) => {
            let root = path.path.get_ident()?.clone();
            Some((Place { root: root.unraw().to_string(), steps: Vec::new() }, root))
        }
        Expr::Field(field) => {
            let (mut place, root) = place(&field.base)?;
            place.steps.push(match &field.member {
                syn::Member::Named(name) => Step::Field(name.unraw().to_string()),
                syn::Member::Unnamed(index) => Step::Index(index.index),
            });
            Some((place, root))
        }
        Expr::MethodCall(call) if call.args.is_empty() && call.turbofish.is_none() => {
            let (mut place, root) = place(&call.receiver)?;
            place.steps.push(Step::Method(call.method.unraw().to_string()));
            Some((place, root))
        }
        Expr::Group(group) => place(&group.expr),
        _ => None,
    }
}

/// The name in a string literal, be it a placeholder there.
pub(crate) fn quoted_name(expr: &Expr) -> Option<String> {
    let Expr::Lit(lit) = expr else { return None };
    let Lit::Str(text) = &lit.lit else { return None };
    let text = text.value();
    let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(&text);
    syn::parse_str::<Expr>(name).ok().and_then(|expr| place(&expr)).map(|_| name.to_owned())
}

/// The place that a reference is to: `&order`.
fn referred(expr: &Expr) -> Option<Place> {
    match expr {
        Expr::Reference(reference) => referred(&reference.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => referred(&unary.expr),
        expr => place(expr).map(|(place, _)| place),
    }
}

/// The places that an expression is or lists in other brackets, as they stand between parentheses.
pub(super) fn listed(expr: &Expr) -> Option<String> {
    let all: Vec<_> = match expr {
        Expr::Array(array) => array.elems.iter().map(referred).collect::<Option<_>>()?,
        Expr::Tuple(tuple) => tuple.elems.iter().map(referred).collect::<Option<_>>()?,
        Expr::Paren(paren) => vec![referred(&paren.expr)?],
        Expr::Path(path) if ["off", "None"].iter().any(|word| path.path.is_ident(word)) => {
            return None;
        }
        expr => vec![referred(expr)?],
    };
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The tokens of a place after the identifier that it starts with.
fn after_root(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter();
    match tokens.next() {
        // A place that came through `macro_rules!` stands in invisible brackets.
        Some(TokenTree::Group(group)) => {
            after_root(group.stream()).into_iter().chain(tokens).collect()
        }
        _ => tokens.collect(),
    }
}
