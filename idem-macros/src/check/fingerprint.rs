//! A fingerprint that compares nothing.

use quote::ToTokens;
use syn::Type;

use crate::errors::Errors;
use crate::function::Function;
use crate::options::Options;
use crate::place::Place;
use crate::suggest;
use crate::template::Template;

/// Tells a fingerprint all of whose values stand in the key.
pub(crate) fn fingerprint(
    options: &Options,
    template: Option<&Template>,
    function: &Function,
    errors: &mut Errors,
) {
    let (Some(template), [first, rest @ ..]) = (template, options.compared()) else { return };
    let all: Vec<_> = options.compared().iter().map(|listed| &listed.place).collect();
    if !all.iter().all(|place| is_in_key(place, template) && is_its_text(place, function)) {
        return;
    }
    let names: Vec<_> = all.iter().map(ToString::to_string).collect();
    let (are, differs) =
        if rest.is_empty() { ("is", "it differs") } else { ("are", "they differ") };
    let mut tokens = first.root.to_token_stream();
    tokens.extend(first.steps.clone());
    errors.under(
        tokens,
        format!(
            "{} {are} in the key, so calls in which {differs} are other requests anyhow, and this \
             compares nothing: list what must not change, such as `fingerprint(amount)`, or write \
             `fingerprint = \"off\"`",
            suggest::list(names.iter().map(String::as_str), "and"),
        ),
    );
}

/// Whether a value stands in the key.
pub(crate) fn is_in_key(place: &Place, template: &Template) -> bool {
    template.parts.iter().any(|(placeholder, _)| placeholder.place == *place)
}

/// Whether all of a value is in its text. A type that is a `KeyPart` by hand may leave some out, such
/// as an order that writes its number; the type of a field is not seen, and is hardly ever one.
fn is_its_text(place: &Place, function: &Function) -> bool {
    let Some(name) = function.names.get(&place.root) else { return false };
    !place.is_plain() || name.of_server || function.type_of(&place.root).is_some_and(is_client_key)
}

fn is_client_key(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_client_key(&reference.elem),
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| last.ident == "IdempotencyKey")
        }
        _ => false,
    }
}
