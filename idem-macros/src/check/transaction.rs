//! What the parameter that `tx` names has to be.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, Pat, Type};

use super::no_parameter;
use crate::errors::Errors;
use crate::function::Function;
use crate::options::{Fingerprint, Options};
use crate::template::Template;

/// Tells a `tx` that names no parameter, one that owns its transaction, and one that is a part of
/// the key.
pub(crate) fn transaction(
    options: &Options,
    template: Option<&Template>,
    function: &Function,
    errors: &mut Errors,
) {
    let Some(tx) = &options.tx else { return };
    let name = tx.unraw().to_string();
    if function.names.get(&name).is_none() {
        errors.at(tx.span(), no_parameter(&name, function, ""));
        return;
    }
    if let Some(ty) = type_of(&name, function) {
        match ty {
            Type::Reference(reference) if reference.mutability.is_none() => errors.under(
                reference,
                format!(
                    "`{name}` is the caller's transaction, which the body writes to: write `&mut`"
                ),
            ),
            Type::Path(path) if is_transaction(path) => errors.under(
                ty,
                format!(
                    "`{name}` is the caller's transaction, which the caller commits: write `&mut` \
                     before its type"
                ),
            ),
            _ => {}
        }
    }
    let told =
        format!("`{name}` is the caller's transaction, and tells no requests apart: remove it");
    let parts = template.into_iter().flat_map(|template| {
        template.parts.iter().map(move |(part, _)| (&part.place, &template.literal))
    });
    for (_, literal) in parts.filter(|(place, _)| place.root == name).take(1) {
        errors.under(literal, format!("{told} from the key"));
    }
    if let Some(Fingerprint::Places(places)) = &options.fingerprint {
        for listed in places.iter().filter(|listed| listed.place.root == name) {
            errors.at(listed.root.span(), &told);
        }
    }
}

/// The type of the parameter of this name, where the name is all of its pattern.
fn type_of<'a>(name: &str, function: &'a Function) -> Option<&'a Type> {
    function.sig.inputs.iter().find_map(|argument| match argument {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) if pat.ident.unraw() == name => Some(&*typed.ty),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// Whether a type is a transaction by its name.
fn is_transaction(path: &syn::TypePath) -> bool {
    let last = path.path.segments.last().map(|last| last.ident.to_token_stream().to_string());
    last.is_some_and(|last| last.ends_with("Transaction"))
}
