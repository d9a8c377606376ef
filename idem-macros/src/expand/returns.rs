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
    let unstored = quote_spanned!(span=> #private::NotStored);
    let codec = match &options.codec {
        _ if options.rejects() => unstored.clone(),
        None => quote_spanned!(span=> #runtime::Json),
        Some(codec) => quote_spanned!(span=> #codec),
    };
    let failures = match &options.on_err {
        Some(OnErr::Word(word)) if word.text == "store" => codec.clone(),
        _ => unstored,
    };
    let probe = quote_spanned!(span=> #private::Probe::<#output>::NEW);
    let mut returns = match &options.map_err {
        None => quote_spanned! {span=>
            <#output as #private::GuardedByFrom<#codec, #failures>>::returns()
        },
        Some(path) => {
            let at_path = Span::mixed_site().located_at(path.span());
            let convert = Ident::new("convert", at_path);
            let error = Ident::new("error", at_path);
            let failure = quote_spanned!(at_path=> #convert(#error));
            quote_spanned! {span=>
                <#output as #private::Guarded<#codec, #failures>>::returns(|#error| {
                    let #convert: fn(#runtime::Error) -> _ = #path;
                    #probe.refused(#failure)
                })
            }
        }
    };
    if let Some(OnErr::Path(path)) = &options.on_err {
        if !options.rejects() {
            returns = quote_spanned! {span=>
                #private::Failures::<#output, #codec>::NEW.stored(#returns)
            };
        }
        let judge = Ident::new("judge", Span::mixed_site().located_at(path.span()));
        returns = quote_spanned! {span=>
            #returns.on_err(|result| {
                let #judge: fn(&_) -> #runtime::OnErr = #path;
                #probe.failure(result).map(#judge)
            })
        };
    }
    returns
}
