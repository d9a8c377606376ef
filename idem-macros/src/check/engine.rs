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
    let Some(engine) = &options.engine else { return };
    let is_type = matches!(engine, Expr::Path(path) if last(&path.path) == "Idem");
    let Some(made) = made(engine).or_else(|| is_type.then(|| engine.to_token_stream())) else {
        return;
    };
    let wrong = if is_type {
        "`Idem` is the type of engines"
    } else {
        "this makes a new engine in each call, and none would know the others' results"
    };
    let kept = if function.names.get("self").is_some() {
        "keep one in a field, and write `engine = self.idem`"
    } else {
        "`install()` one when the program starts, and remove `engine`, or write where one is kept"
    };
    errors.under(made, format!("{wrong}: {kept}"));
}

/// The call that makes the engine. What a closure makes may be kept, as by `get_or_init`.
fn made(expr: &Expr) -> Option<TokenStream> {
    match expr {
        Expr::Call(call) if makes(call) => Some(call.to_token_stream()),
        Expr::Call(call) => call.args.iter().find_map(made),
        Expr::MethodCall(call) => made(&call.receiver),
        Expr::Await(it) => made(&it.base),
        Expr::Block(it) => value(&it.block).and_then(made),
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

/// The last name of a path.
fn last(path: &Path) -> String {
    path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
}

/// The value of a block.
fn value(block: &Block) -> Option<&Expr> {
    match block.stmts.last()? {
        Stmt::Expr(expr, None) => Some(expr),
        _ => None,
    }
}
