//! One entry of `#[state(…)]`: a name, and a text after `=` or states in parentheses.

use proc_macro2::{Group, Ident};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, LitStr, Path, Token};

use super::Known;
use crate::errors::Errors;

/// A name, and what follows it.
pub(super) struct Entry {
    pub(super) name: Ident,
    value: Value,
}

/// What follows the name.
enum Value {
    None,
    Equals(Expr),
    List(Group),
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            Value::Equals(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            Value::List(input.parse()?)
        } else {
            Value::None
        };
        Ok(Self { name, value })
    }
}

impl Entry {
    /// The text after `=`.
    pub(super) fn text(&self, known: &Known, errors: &mut Errors) -> Option<LitStr> {
        if let Value::Equals(value) = &self.value
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = bare(value)
        {
            return errors.plain(text).then(|| text.clone());
        }
        self.wrong("takes a name in quotes", known, errors);
        None
    }

    /// The states in parentheses.
    pub(super) fn states(&self, known: &Known, errors: &mut Errors) -> Vec<Ident> {
        let Value::List(group) = &self.value else {
            self.wrong("lists states in parentheses", known, errors);
            return Vec::new();
        };
        if group.stream().is_empty() {
            errors.at(
                group.span(),
                "`to()` lists nothing: a state that leads nowhere goes without, so remove it",
            );
            return Vec::new();
        }
        let list =
            |input: ParseStream<'_>| input.call(Punctuated::<Expr, Token![,]>::parse_terminated);
        let Ok(list) = list.parse2(group.stream()) else {
            let message = format!("`to` lists states: write `{}`", known.example);
            errors.at(group.span(), message);
            return Vec::new();
        };
        list.iter().filter_map(|expr| state(expr, errors)).collect()
    }

    fn wrong(&self, rule: &str, known: &Known, errors: &mut Errors) {
        let message = format!("`{}` {rule}: write `{}`", known.name, known.example);
        match &self.value {
            Value::None => errors.at(self.name.span(), message),
            Value::Equals(value) => errors.under(value, message),
            Value::List(group) => errors.at(group.span(), message),
        }
    }
}

/// An expression without the invisible brackets in which it came through `macro_rules!`.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => bare(&group.expr),
        expr => expr,
    }
}

/// A variant's bare name.
fn state(expr: &Expr, errors: &mut Errors) -> Option<Ident> {
    let message = match bare(expr) {
        Expr::Path(path) if path.qself.is_none() => match last(&path.path) {
            (Some(name), true) => return Some(name),
            (Some(name), false) => format!("a state is a variant's bare name: write `{name}`"),
            (None, _) => "a state is a variant's bare name".to_owned(),
        },
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            format!("a state is a variant's bare name, without quotes: write `{}`", text.value())
        }
        _ => "a state is a variant's bare name".to_owned(),
    };
    errors.under(expr, message);
    None
}

/// The last name of a path, and whether it is all of it.
fn last(path: &Path) -> (Option<Ident>, bool) {
    let name = path.segments.last().filter(|last| last.arguments.is_none());
    (name.map(|last| last.ident.clone()), path.segments.len() == 1)
}
