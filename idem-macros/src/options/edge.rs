//! The two states of `transition = A => B`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Path, Token};

use super::table::Row;
use crate::errors::Errors;

/// A state, and the one that it leads to.
pub(crate) struct Edge {
    pub(crate) from: Path,
    pub(crate) to: Path,
}

impl Parse for Edge {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let from = input.call(Path::parse_mod_style)?;
        input.parse::<Token![=>]>()?;
        Ok(Self { from, to: input.call(Path::parse_mod_style)? })
    }
}

/// Parses what stands between `=` and the next option.
pub(super) fn parse(row: &Row, found: TokenStream, errors: &mut Errors) -> Option<Edge> {
    let Ok(edge) = syn::parse2::<Edge>(found.clone()) else {
        if let Some(or) = found.clone().into_iter().find(is_or) {
            let message = "a transition leads from one state to one: write a function for each";
            errors.at(or.span(), message);
            return None;
        }
        errors.under(
            found,
            format!(
                "`{}` is the path of a state, `=>`, and the path of the one that it leads to: write \
                 `{}`",
                row.name, row.example
            ),
        );
        return None;
    };
    let mut whole = true;
    for state in [&edge.from, &edge.to] {
        // The edge is a constant of its own, to be looked up in the machine at compile time.
        if let Some(first) = state.segments.first().filter(|first| first.ident == "Self") {
            let message = "the machine is looked at outside of this `impl`, where nothing is \
                           `Self`: write its name";
            errors.under(&first.ident, message);
            whole = false;
        }
    }
    whole.then_some(edge)
}

/// The sign between the alternatives of a pattern, which the states look like.
fn is_or(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(sign) if sign.as_char() == '|')
}
