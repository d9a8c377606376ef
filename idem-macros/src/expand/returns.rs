//! How the return type is refused, judged, stored and replayed.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::Context;
use crate::options::OnErr;

/// Each bound on the return type is asked in one generated call, spanned at the type.
pub(super) fn write(context: &Context<'_>) -> TokenStream {
    let Context { options, function, runtime } = context;
    let Some(output) = function.output() else { return TokenStream::new() };
    let span = Span::mixed_site().located_at(output.span());
    let private = quote_spanned!(span=> #runtime::__private);
    let mut returns = match &options.map_err {
        None => quote_spanned!(span=> <#output as #private::ByFrom>::returns()),
        Some(path) => quote_spanned! {span=>
            <#output as #private::Return>::returns(
                |error| #private::Return::refused(#path(error))
            )
        },
    };
    if !options.rejects() {
        let codec = options.codec.as_ref().map_or_else(
            || quote_spanned!(span=> #runtime::Json),
            |codec| quote_spanned!(span=> #codec),
        );
        returns = quote_spanned!(span=> <#output as #private::Replay<#codec>>::stored(#returns));
        match &options.on_err {
            Some(OnErr::Word(word)) if word.text == "store" => {
                returns = quote_spanned! {span=>
                    <#output as #private::ReplayFailure<#codec>>::stored(#returns)
                };
            }
            Some(OnErr::Path(_)) => {
                returns = quote_spanned! {span=>
                    #private::Failures::<#output, #codec>::NEW.stored(#returns)
                };
            }
            _ => {}
        }
    }
    if let Some(OnErr::Path(path)) = &options.on_err {
        returns = quote_spanned! {span=>
            #returns.on_err(|result| #private::Return::failure(result).map(#path))
        };
    }
    returns
}
