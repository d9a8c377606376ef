//! What stands in for the guarded function when there was a mistake: the plain one, so that nothing
//! else breaks.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::errors::Errors;
use crate::function::{Function, Shape};
use crate::template::Template;

/// Runs an expansion. If the macro itself fails, the item stays, and the failure says whom to tell.
pub(crate) fn or_item(
    item: &TokenStream,
    expand: impl FnOnce(&TokenStream) -> TokenStream,
) -> TokenStream {
    let guarded = std::panic::AssertUnwindSafe(|| expand(item));
    std::panic::catch_unwind(guarded).unwrap_or_else(|_| {
        let first = item.clone().into_iter().next().map_or_else(Span::call_site, |t| t.span());
        let error = syn::Error::new(
            first,
            "`#[idempotent]` failed, which is a defect of idem: please report it with this function",
        )
        .to_compile_error();
        quote!(#error #item)
    })
}

/// The item as it was, and what is wrong.
pub(crate) fn item(item: &TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    quote!(#errors #item)
}

/// The function as it was, and what is wrong. Names that `unknown` holds are told by the
/// compiler's own `format_args!`, which can point into the string.
pub(crate) fn function(
    item: &TokenStream,
    function: &Function,
    template: Option<&Template>,
    unknown: &[String],
    errors: Errors,
) -> TokenStream {
    if !matches!(function.shape, Shape::Async) {
        return self::item(item, errors);
    }
    let typos = template.map(|template| typos(template, function, unknown));
    // A parameter that only the key names is no unused one.
    let uses: TokenStream = function.names.idents().map(|name| quote!(let _ = &#name;)).collect();
    let body = &function.body;
    let body = quote!(#typos #uses #body);
    let errors = errors.into_tokens();
    let function = function.around(&body);
    quote!(#errors #function)
}

fn typos(template: &Template, function: &Function, unknown: &[String]) -> TokenStream {
    if unknown.is_empty() {
        return TokenStream::new();
    }
    let literal = &template.literal;
    // Only names matter here: a known one need not be `Display`.
    let known = template
        .parts
        .iter()
        .filter_map(|(placeholder, _)| function.names.get(&placeholder.place.root))
        .map(|name| &name.ident);
    // Should an unknown name be a constant, `format_args!` would take it and tell nothing; this
    // pattern would not.
    let unknown = unknown.iter().map(|name| crate::place::ident(name, literal.span()));
    quote_spanned! {Span::mixed_site()=>
        {
            #(let #known = "";)*
            let _ = ::core::format_args!(#literal);
        }
        #[allow(unused_variables)]
        {
            #(let #unknown = ();)*
        }
    }
}

impl Function {
    /// The function with other statements in its braces.
    pub(crate) fn around(&self, body: &TokenStream) -> TokenStream {
        let Self { attrs, inner_attrs, vis, defaultness, sig, braces, .. } = self;
        let inner = quote!(#(#inner_attrs)* #body);
        let mut block = proc_macro2::Group::new(proc_macro2::Delimiter::Brace, inner);
        block.set_span(*braces);
        let block = block.into_token_stream();
        quote!(#(#attrs)* #vis #defaultness #sig #block)
    }
}
