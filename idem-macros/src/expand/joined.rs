//! A call that joins its caller's transaction.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::Context;

/// The expression that asks, runs the body inside, and settles. No closure takes the body: the
/// compiler could not tell that its future is `Send` whatever the transaction's lifetime.
pub(super) fn write(
    tx: &Ident,
    context: &Context<'_>,
    [site, engine, key, returns]: [&Ident; 4],
    body: &TokenStream,
) -> TokenStream {
    let here = Span::mixed_site();
    // What is no transaction is told at the parameter.
    let at_parameter = here.located_at(tx.span());
    let [joined, running, value] =
        ["joined", "running", "value"].map(|name| Ident::new(name, here));
    let open = Ident::new("open", at_parameter);
    let borrowed = quote_spanned!(at_parameter=> &mut *#tx);
    let asked = quote_spanned!(at_parameter=> #returns.joining(&*#open));
    let runtime = context.runtime.at(here);
    // What is `mut` outside is so inside, and only there does the body use it so.
    let is_mut = context.function.is_mut(tx);
    let inside = if is_mut { quote!(mut #tx) } else { quote!(#tx) };
    let outside = is_mut.then(|| quote_spanned!(here=> let _ = &mut #tx;));
    // A transition uses the transaction, and may be all that the function does.
    let moves = context.options.transition.is_some();
    let used = moves.then(|| quote_spanned!(here=> let _ = &#tx;));
    quote_spanned! {here=>
        #outside
        let #open = #borrowed;
        let #returns = #asked;
        match #runtime::__private::Joins::of(&*#open)
            .ask(#site, #engine, #key, #returns, #open)
            .await
        {
            ::core::result::Result::Err(#value) => #value,
            ::core::result::Result::Ok(mut #joined) => {
                let #value = {
                    // The same name: what the body writes, it writes inside.
                    let (#inside, #running) = #joined.body();
                    #used
                    #running.run(#body).await
                };
                #joined.settle(#value).await
            }
        }
    }
}
