//! How the return type is refused, judged, stored and replayed.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::Context;
use crate::options::OnErr;

/// All that is asked of the return type is asked in one call, spanned at the type: so each mistake
/// is told once.
pub(super) fn write(context: &Context<'_>) -> TokenStream {
    let Context { options, function, runtime } = context;
    let Some(output) = function.output() else { return TokenStream::new() };
    let span = Span::mixed_site().located_at(output.span());
    let runtime = runtime.at(span);
    let private = quote_spanned!(span=> #runtime::__private);
    let natural = quote_spanned!(span=> #private::Natural::<#output>::NEW);
    let codec = match &options.codec {
        _ if options.rejects() => quote_spanned!(span=> #natural.not_stored()),
        None => quote_spanned!(span=> #natural.stored()),
        Some(codec) => quote_spanned!(span=> ::core::marker::PhantomData::<#codec>),
    };
    let named = options.codec.as_ref().map(|codec| quote_spanned!(span=> #codec));
    let of_failures = named.unwrap_or_else(|| quote_spanned!(span=> #runtime::Json));
    let failures = match &options.on_err {
        Some(OnErr::Word(word)) if word.text == "store" => of_failures.clone(),
        _ => quote_spanned!(span=> #private::NotStored),
    };
    let probe = |at: Span| {
        let runtime = context.runtime.at(at);
        quote_spanned!(at=> #runtime::__private::Probe::<#output>::NEW)
    };
    let mut returns = match &options.map_err {
        None => quote_spanned! {span=>
            <#output as #private::GuardedByFrom<_, #failures>>::returns(#codec)
        },
        Some(path) => {
            let at_path = Span::mixed_site().located_at(path.span());
            let error = Ident::new("error", at_path);
            // All of it at the path: there a function of another type is told.
            let probe = probe(at_path);
            let failure = quote_spanned!(at_path=> #probe.map_err(#error, #path));
            quote_spanned! {span=>
                <#output as #private::Guarded<_, #failures>>::returns(#codec, |#error| #failure)
            }
        }
    };
    if let Some(OnErr::Path(path)) = &options.on_err {
        if !options.rejects() {
            returns = quote_spanned! {span=>
                #private::Failures::<#output, #of_failures>::NEW.stored(#returns)
            };
        }
        let at_path = Span::mixed_site().located_at(path.span());
        let result = Ident::new("result", at_path);
        let probe = probe(at_path);
        let judged = quote_spanned!(at_path=> #probe.on_err(#result, #path));
        returns = quote_spanned!(span=> #returns.on_err(|#result| #judged));
    }
    returns
}
