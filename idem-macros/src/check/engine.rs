//! An engine that the option makes, in place of naming one that is kept.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Block, Expr, ExprCall, Path, Stmt};

use crate::errors::Errors;
use crate::function::Function;
use crate::options::Options;

/// The functions of `Idem` that make an engine.
const MAKE: &[&str] = &["in_memory", "embedded", "builder", "from_env"];

/// Tells an `engine` that is a new one in each call, and so has nothing of what others stored.
pub(crate) fn engine(options: &Options, function: &Function, errors: &mut Errors) {
    let Some(made) = options.engine.as_ref().and_then(made) else { return };
    let kept = if function.names.get("self").is_some() {
        "keep one in a field, and write `engine = self.idem`"
    } else {
        "`install()` one when the program starts, and remove `engine`, or write where one is kept"
    };
    errors.under(
        made,
        format!(
            "this makes a new engine in each call, and none would know the others' results: {kept}"
        ),
    );
}

/// The call that makes the engine. What a closure makes may be kept, as by `get_or_init`.
fn made(expr: &Expr) -> Option<TokenStream> {
    match expr {
        Expr::Call(call) if makes(call) => Some(call.to_token_stream()),
        Expr::Call(call) => call.args.iter().find_map(made),
        Expr::MethodCall(call) => made(&call.receiver),
        Expr::Await(it) => made(&it.base),
        Expr::Block(it) => last(&it.block).and_then(made),
        Expr::Field(it) => made(&it.base),
        Expr::Group(it) => made(&it.expr),
        Expr::Paren(it) => made(&it.expr),
        Expr::Reference(it) => made(&it.expr),
        Expr::Try(it) => made(&it.expr),
        Expr::Unary(it) => made(&it.expr),
        _ => None,
    }
}

fn makes(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path) if is_constructor(&path.path))
}

/// Whether a path leads to one of those functions: `Idem::in_memory`, `idem::Idem::builder`.
fn is_constructor(path: &Path) -> bool {
    let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
    names.next().is_some_and(|name| MAKE.iter().any(|one| name == one))
        && names.next().is_some_and(|name| name == "Idem")
}

/// The value of a block.
fn last(block: &Block) -> Option<&Expr> {
    match block.stmts.last()? {
        Stmt::Expr(expr, None) => Some(expr),
        _ => None,
    }
}
