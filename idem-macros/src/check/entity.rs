//! An entity that is a literal, and so the same row for all calls; one that is no value.

use syn::ext::IdentExt;
use syn::{Expr, ExprMethodCall, Lit};

use super::no_parameter;
use crate::errors::Errors;
use crate::function::Function;
use crate::names;
use crate::options::{Options, place, quoted_name};

/// Tells an `entity` that is a literal, one that is in no scope, and the transaction.
pub(crate) fn entity(options: &Options, function: &Function, errors: &mut Errors) {
    let Some(entity) = &options.entity else { return };
    if is_literal(entity) {
        errors.under(entity, one_for_all(entity, options, function));
        return;
    }
    let Some((place, root)) = place(entity) else { return };
    if place.root.contains(char::is_uppercase) {
        return; // A constant.
    }
    if function.names.get(&place.root).is_none() {
        errors.at(root.span(), no_parameter(&place.root, function, ""));
    } else if options.tx.as_ref().is_some_and(|tx| tx.unraw() == place.root) {
        let meant = meant(options, function);
        let message = format!(
            "`{}` is the caller's transaction, and no row's id: write `entity = {meant}`",
            place.root
        );
        errors.under(entity, message);
    }
}

fn one_for_all(entity: &Expr, options: &Options, function: &Function) -> String {
    if let Some(name) = quoted_name(entity) {
        let root = name.split('.').next().unwrap_or_default();
        if function.names.get(root).is_some() {
            return format!("a name is not quoted: write `entity = {name}`");
        }
    }
    let meant = meant(options, function);
    format!(
        "`entity` says which row a call moves, and this is the same one for all calls: name what \
         tells them apart, such as `entity = {meant}`, or a constant if there is one row"
    )
}

/// A parameter that may be an id.
fn meant<'a>(options: &Options, function: &'a Function) -> &'a str {
    let values = || function.names.texts().filter(|name| is_value(name, options, function));
    let id = values().find(|name| *name == "id" || name.ends_with("_id"));
    id.or_else(|| values().next()).unwrap_or("order_id")
}

fn is_value(name: &str, options: &Options, function: &Function) -> bool {
    options.tx.as_ref().is_none_or(|tx| tx.unraw() != name)
        && function.type_of(name).is_some_and(names::is_primitive)
}

/// Whether an expression is made of literals alone. A constant has a name, and is meant.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Binary(both) => is_literal(&both.left) && is_literal(&both.right),
        Expr::Cast(it) => is_literal(&it.expr),
        Expr::Group(it) => is_literal(&it.expr),
        Expr::Paren(it) => is_literal(&it.expr),
        Expr::Reference(it) => is_literal(&it.expr),
        Expr::Unary(it) => is_literal(&it.expr),
        Expr::MethodCall(call) => is_text(call),
        _ => false,
    }
}

/// Whether it is `"…".to_owned()` or the like.
fn is_text(call: &ExprMethodCall) -> bool {
    matches!(&*call.receiver, Expr::Lit(lit) if matches!(lit.lit, Lit::Str(_)))
        && call.args.is_empty()
}
