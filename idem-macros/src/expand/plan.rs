//! The options as a constant plan.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::Context;
use crate::options::{OnErr, Strategy};

pub(super) fn write(context: &Context<'_>) -> TokenStream {
    let Context { options, runtime, .. } = context;
    let runtime = runtime.at(Span::mixed_site());
    let strategy = match options.strategy {
        Some(Strategy::Token) if options.keeps_in_db() => "token_in_db",
        strategy => strategy.map_or("setnx", Strategy::name),
    };
    let strategy = Ident::new(strategy, Span::mixed_site());
    let mut plan = quote!(#runtime::Plan::#strategy());
    let times = [
        ("ttl", options.ttl),
        ("lease", options.lease),
        ("max_runtime", options.max_runtime),
        ("wait", options.wait),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            let name = Ident::new(name, Span::mixed_site());
            let millis = time.millis;
            plan.extend(quote!(.#name(::core::time::Duration::from_millis(#millis))));
        }
    }
    if let Some(limit) = options.limit {
        plan.extend(quote!(.limit(#limit)));
    }
    if options.rejects() {
        plan.extend(quote!(.reject_duplicates()));
    }
    if let Some(OnErr::Word(word)) = &options.on_err {
        let variant = variant(word.text);
        plan.extend(quote!(.on_err(#runtime::OnErr::#variant)));
    }
    if let Some(word) = options.on_outage {
        let variant = variant(word.text);
        plan.extend(quote!(.on_outage(#runtime::OnOutage::#variant)));
    }
    plan
}

/// The variant that a word stands for.
fn variant(word: &str) -> Ident {
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    Ident::new(&first.chain(chars).collect::<String>(), Span::mixed_site())
}
