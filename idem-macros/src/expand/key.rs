//! The key of one call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::check::is_in_key;
use crate::names::Names;
use crate::options::Listed;
use crate::place::Place;
use crate::runtime::Runtime;
use crate::template::Template;

/// What a placeholder starts at.
pub(crate) struct Root {
    pub(crate) ident: Ident,
    pub(crate) of_server: bool,
}

/// What was said about the arguments that must be equal.
pub(crate) enum Compared<'a> {
    /// Nothing: a key with a client-supplied part is refused.
    Unsaid,
    /// That nothing must be, or that it is added by other code.
    Elsewhere,
    /// These.
    By(&'a [Listed], &'a Names),
}

impl Compared<'_> {
    /// Whether nothing was said that is not in the key already.
    fn is_unsaid(&self, template: &Template) -> bool {
        match self {
            Self::Unsaid => true,
            Self::Elsewhere => false,
            Self::By(places, _) => places.iter().all(|listed| is_in_key(&listed.place, template)),
        }
    }
}

/// The statements whose last one is the key. There is one root for each placeholder.
pub(crate) fn write(
    template: &Template,
    roots: &[Root],
    compared: &Compared<'_>,
    runtime: &Runtime,
) -> TokenStream {
    let operation = &template.operation;
    let at_key = Span::mixed_site().located_at(template.literal.span());
    let mut lets = TokenStream::new();
    let mut texts = TokenStream::new();
    let mut origins = Vec::new();
    let own = |place: &Place, root: &Root| place.is_plain() && root.of_server;
    let has_own = template.parts.iter().zip(roots).any(|((hole, _), root)| own(&hole.place, root));
    // With a part of the server's own, and with the arguments compared, no answer would matter.
    let unsaid = compared.is_unsaid(template);
    let asks_origins = !has_own || unsaid;
    let writer = Ident::new("writer", Span::mixed_site());
    let private = {
        let runtime = runtime.at(at_key);
        quote_spanned!(at_key=> #runtime::__private)
    };
    for (at, ((placeholder, after), root)) in template.parts.iter().zip(roots).enumerate() {
        let place = &placeholder.place;
        // A parameter that can't be a part is told at the parameter, anything longer at the key.
        let span = if place.is_plain() {
            Span::mixed_site().located_at(root.ident.span())
        } else {
            at_key
        };
        let part = format_ident!("part_{at}", span = span);
        let value = place.tokens(&root.ident, at_key);
        let name = place.to_string();
        let runtime = runtime.at(span);
        // What a method makes of a client's key is the client's too: `key.as_str()`. Looked at before
        // the method, which may use the value up.
        let made_of =
            place.before_methods().filter(|_| asks_origins && !root.of_server).map(|before| {
                let before = before.tokens(&root.ident, at_key);
                let origin = format_ident!("origin_{at}", span = at_key);
                lets.extend(quote_spanned! {at_key=>
                    let #origin = #private::Origin::of(&#before).origin();
                });
                origin
            });
        lets.extend(quote_spanned!(span=> let #part = &#value;));
        texts.extend(quote_spanned! {span=>
            #runtime::KeyPart::write(#part, &mut #writer.part(#name));
        });
        if !after.is_empty() {
            texts.extend(quote!(#writer.literal(#after);));
        }
        if !asks_origins || own(place, root) {
            continue;
        }
        let origin = quote_spanned!(at_key=> #private::Origin::of(#part).origin());
        origins.push(match made_of {
            None => origin,
            Some(before) => quote_spanned!(at_key=> #private::Made::made(#before, #origin)),
        });
    }
    let check = check(&origins, has_own, unsaid, at_key, runtime);
    let fingerprint = fingerprint(compared, runtime);
    let runtime = runtime.at(at_key);
    quote! {
        #lets
        #check
        let mut #writer = #runtime::__private::KeyWriter::new(#operation);
        #texts
        #writer.finish()#fingerprint
    }
}

/// Has the compiler look at the origins of these parts. `has_own`: there is a part of the server's own
/// beside them. `unsaid`: nothing was said about the arguments that must be equal.
fn check(
    origins: &[TokenStream],
    has_own: bool,
    unsaid: bool,
    at_key: Span,
    runtime: &Runtime,
) -> TokenStream {
    if origins.is_empty() {
        return TokenStream::new();
    }
    let runtime = runtime.at(at_key);
    let private = quote_spanned!(at_key=> #runtime::__private);
    let parts = Ident::new("origins", at_key);
    let start = Ident::new(if has_own { "known" } else { "start" }, at_key);
    let scoped = (!has_own).then(|| quote_spanned!(at_key=> #private::Scoped::scoped(&#parts);));
    let compared = unsaid.then(|| quote_spanned!(at_key=> #private::Compared::compared(&#parts);));
    quote_spanned! {at_key=>
        let #parts = #private::Parts::#start()
            #(.and(#origins))*;
        #scoped
        #compared
    }
}

fn fingerprint(compared: &Compared<'_>, runtime: &Runtime) -> TokenStream {
    let Compared::By(places, names) = compared else { return TokenStream::new() };
    let scheme: Vec<String> = places.iter().map(|listed| listed.place.to_string()).collect();
    let scheme = scheme.join(",");
    let values = places.iter().filter_map(|listed| {
        let value = listed.value(names)?;
        let span = Span::mixed_site().located_at(listed.root.span());
        let runtime = runtime.at(span);
        Some(quote_spanned!(span=> #runtime::__private::Comparable::compared(&#value)))
    });
    quote!(.fingerprint_of(#scheme, [#(#values),*]))
}
