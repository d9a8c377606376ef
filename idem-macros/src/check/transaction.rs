//! What the parameter that `tx` names has to be.

use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Generics, Path, Token, Type, TypeParamBound, WherePredicate};

use super::forgotten::forgotten;
use super::no_parameter;
use crate::errors::Errors;
use crate::function::Function;
use crate::names::is_primitive;
use crate::options::{Fingerprint, Options};
use crate::template::Template;

/// Tells a `tx` that names no parameter, one that owns its transaction, one that is a part of the
/// key, and one that was forgotten.
pub(crate) fn transaction(
    options: &Options,
    template: Option<&Template>,
    function: &Function,
    errors: &mut Errors,
) {
    let Some(tx) = &options.tx else {
        forgotten(options, function, errors);
        return;
    };
    let name = tx.unraw().to_string();
    if function.names.get(&name).is_none() {
        errors.at(tx.span(), no_parameter(&name, function, ""));
        return;
    }
    if name == "self" {
        errors.at(
            tx.span(),
            "`self` is no transaction: take that as a parameter of its own, such as \
             `tx: &mut PgTransaction<'_>`",
        );
        return;
    }
    if let Some(ty) = function.type_of(&name)
        && let Some(told) = no_transaction(&name, ty, &function.sig.generics)
    {
        errors.under(ty, told);
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

/// What is wrong with the type of the parameter, as far as its look says it.
fn no_transaction(name: &str, ty: &Type, generics: &Generics) -> Option<String> {
    let never = format!(
        "`{name}` is no open transaction: begin one and take that, such as \
         `tx: &mut PgTransaction<'_>`"
    );
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {
            Some(match &*reference.elem {
                Type::Path(path) if is_connection(path) => never,
                _ => format!(
                    "`{name}` is the caller's transaction, which the body writes to: write `&mut`"
                ),
            })
        }
        Type::Reference(reference) if matches!(&*reference.elem, Type::TraitObject(_)) => {
            Some(never)
        }
        Type::Path(path) if is_transaction(path) => Some(format!(
            "`{name}` is the caller's transaction, which the caller commits: write `&mut` before \
             its type"
        )),
        Type::Path(path) if is_connection(path) || is_primitive(ty) => Some(never),
        Type::Path(path) if is_executor(path, generics) => Some(never),
        Type::ImplTrait(it) if by_executor(&it.bounds) => Some(never),
        _ => None,
    }
}

/// Whether a type is a transaction by its name.
fn is_transaction(path: &syn::TypePath) -> bool {
    last(&path.path).ends_with("Transaction")
}

/// Whether a type is by its name one that sqlx begins transactions with, or may hold none.
fn is_connection(path: &syn::TypePath) -> bool {
    let last = last(&path.path);
    last.ends_with("Pool") || last.ends_with("Connection") || last == "Option"
}

/// Whether a type is a parameter of the function's that stands for what sqlx sends statements by.
fn is_executor(path: &syn::TypePath, generics: &Generics) -> bool {
    let Some(name) = path.path.get_ident() else { return false };
    let inline = generics.type_params().filter(|one| one.ident == *name).map(|one| &one.bounds);
    let clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let below = clause.filter_map(|predicate| match predicate {
        WherePredicate::Type(it) => match &it.bounded_ty {
            Type::Path(path) if path.path.is_ident(name) => Some(&it.bounds),
            _ => None,
        },
        _ => None,
    });
    inline.chain(below).any(by_executor)
}

/// Whether a bound is of what sqlx sends statements by.
fn by_executor(bounds: &Punctuated<TypeParamBound, Token![+]>) -> bool {
    bounds.iter().any(|bound| {
        matches!(bound, TypeParamBound::Trait(bound) if matches!(&*last(&bound.path), "Executor" | "Acquire"))
    })
}

/// The last name of a path.
fn last(path: &Path) -> String {
    path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
}
