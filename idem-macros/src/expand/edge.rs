//! The transition of one call.

use std::iter;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Path};

use super::Context;
use crate::options::{Edge, place};
use crate::place::{Place, Step};
use crate::template::Template;

/// The transition as an expression, where the strategy has one.
///
/// Its edge is a constant item, so that it is looked up in the machine whenever the function is
/// checked, called or not.
pub(super) fn write(context: &Context<'_>, template: &Template) -> Option<TokenStream> {
    let options = context.options;
    let (Edge { from, to }, entity) = (options.transition.as_ref()?, options.entity.as_ref()?);
    let here = Span::mixed_site();
    let [constant, edge, told, start, end] =
        ["EDGE", "edge", "told", "from", "to"].map(|name| Ident::new(name, here));
    let runtime = context.runtime.at(here);
    let undeclared = panic(&told, here.located_at(last(to)));
    let found = if has_more_than(template, entity) {
        quote!(#edge)
    } else {
        let round = panic(&told, here.located_at(template.literal.span()));
        quote! {
            match #runtime::machine::Edge::round(#edge) {
                ::core::option::Option::None => #edge,
                ::core::option::Option::Some(#told) => #round,
            }
        }
    };
    let machine = {
        // An enum that is no machine is told where its state stands.
        let at_from = here.located_at(from.span());
        let runtime = context.runtime.at(at_from);
        let start = Ident::new("from", at_from);
        quote_spanned!(at_from=> #runtime::machine::Machine::of(&#start))
    };
    let at_entity = here.located_at(entity.span());
    let value = context.function.with_own_self(entity.to_token_stream());
    // In parentheses, or `&` would borrow the first operand alone.
    let value = if has_operands(entity) { quote_spanned!(at_entity=> (#value)) } else { value };
    let transition = {
        let runtime = context.runtime.at(at_entity);
        let edge = Ident::new("EDGE", at_entity);
        quote_spanned!(at_entity=> #runtime::Transition::along(#edge, &#value))
    };
    Some(quote_spanned! {here=> {
        const #constant: #runtime::machine::Edge = {
            let [#start, #end] = [#from, #to];
            let machine = #machine;
            match machine.edge(
                #start as ::core::primitive::i128,
                #end as ::core::primitive::i128,
            ) {
                ::core::result::Result::Ok(#edge) => #found,
                ::core::result::Result::Err(#told) => #undeclared,
            }
        };
        #transition
    }})
}

fn panic(told: &Ident, span: Span) -> TokenStream {
    quote_spanned!(span=> ::core::panic!("{}", #told))
}

/// The span of a state's own name.
fn last(path: &Path) -> Span {
    path.segments.last().map_or_else(|| path.span(), |last| last.ident.span())
}

/// Whether the key has a part beside the entity.
fn has_more_than(template: &Template, entity: &Expr) -> bool {
    let parts = template.parts.iter().map(|(placeholder, _)| &placeholder.place);
    let Some((entity, _)) = place(entity) else {
        // Computed: each name that it is computed from may be all of it.
        let names = names(entity.to_token_stream());
        return parts.into_iter().any(|part| !names.contains(&part.root));
    };
    let entity = way(&entity);
    parts.map(way).any(|part| {
        let both = part.len().min(entity.len());
        part[..both] != entity[..both]
    })
}

/// The way to a value, less the methods at its end: `id.as_str()` is `id`.
fn way(place: &Place) -> Vec<Step> {
    let fields = place.steps.iter().take_while(|step| !matches!(step, Step::Method(_)));
    iter::once(Step::Field(place.root.clone())).chain(fields.cloned()).collect()
}

/// Whether an expression is put together by an operator, be it in the invisible brackets in which
/// an `$entity:expr` comes.
fn has_operands(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => has_operands(&group.expr),
        expr => matches!(expr, Expr::Binary(_) | Expr::Cast(_)),
    }
}

/// Every name in an expression.
fn names(tokens: TokenStream) -> Vec<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(name) => vec![name.to_string()],
            TokenTree::Group(group) => names(group.stream()),
            _ => Vec::new(),
        })
        .collect()
}
