//! A call that joins its caller's transaction.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// The expression that asks, runs the body inside, and settles. No closure takes the body: the
/// compiler could not tell that its future is `Send` whatever the transaction's lifetime.
pub(super) fn write(
    tx: &Ident,
    [site, engine, key, returns]: [&Ident; 4],
    body: &TokenStream,
    moves: bool,
) -> TokenStream {
    let here = Span::mixed_site();
    // What is no transaction is told at the parameter.
    let at_parameter = here.located_at(tx.span());
    let [joined, running, value] =
        ["joined", "running", "value"].map(|name| Ident::new(name, here));
    let ask = quote_spanned! {at_parameter=>
        #returns.join(#site, #engine, #key, &mut *#tx)
    };
    // A transition is a use of it, and may be all that the function is for.
    let used = moves.then(|| quote_spanned!(here=> let _ = &#tx;));
    quote_spanned! {here=>
        match #ask.await {
            ::core::result::Result::Err(#value) => #value,
            ::core::result::Result::Ok(mut #joined) => {
                let #value = {
                    // The same name: what the body writes, it writes inside.
                    let (#tx, #running) = #joined.body();
                    #used
                    #running.run(#body).await
                };
                #joined.settle(#value).await
            }
        }
    }
}
