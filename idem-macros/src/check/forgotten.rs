//! A transaction of the caller's that no `tx` names.

use syn::{FnArg, Pat, Path, Type};

use crate::errors::Errors;
use crate::function::{Function, argument};
use crate::options::{Options, Strategy};

/// Tells a parameter that is an open transaction by its look, where the result would be kept although
/// its caller rolls back.
pub(super) fn forgotten(options: &Options, function: &Function, errors: &mut Errors) {
    let Some(strategy) = options.strategy else { return };
    if options.wrote_tx() || strategy == Strategy::State {
        return; // Told already.
    }
    let found = function.sig.inputs.iter().find_map(|input| {
        let FnArg::Typed(typed) = input else { return None };
        let Pat::Ident(name) = &*typed.pat else { return None };
        Some((&name.ident, &typed.ty, open_transaction(&typed.ty)?))
    });
    let Some((name, ty, database)) = found else { return };
    let db = if strategy == Strategy::Db { "" } else { "strategy = \"db\", " };
    errors.under(
        ty,
        format!(
            "the caller may roll `{name}` back after the result is stored, and duplicates would \
             get one whose writes are gone: write `{db}tx = {name}`, so that they commit together; if \
             `{name}` is of another database than the engine's, take `&mut {database}Connection`"
        ),
    );
}

/// The database of a `&mut` of sqlx's transaction, as sqlx begins its names.
fn open_transaction(ty: &Type) -> Option<&'static str> {
    match plain(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => {
            database(plain(&reference.elem))
        }
        _ => None,
    }
}

/// Which database's transaction a type is. Others have types of this name, too, but not of a database.
fn database(ty: &Type) -> Option<&'static str> {
    let Type::Path(path) = ty else { return None };
    match last(&path.path)?.as_str() {
        "PgTransaction" => Some("Pg"),
        "MySqlTransaction" => Some("MySql"),
        "SqliteTransaction" => Some("Sqlite"),
        "Transaction" => {
            let Type::Path(of) = plain(argument(ty, "Transaction")?) else { return None };
            match last(&of.path)?.as_str() {
                "Postgres" => Some("Pg"),
                "MySql" => Some("MySql"),
                "Sqlite" => Some("Sqlite"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A type without the brackets that it came through a macro in.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        ty => ty,
    }
}

fn last(path: &Path) -> Option<String> {
    path.segments.last().map(|last| last.ident.to_string())
}
