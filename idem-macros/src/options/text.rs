//! What a key was meant to be that is no string literal.

use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Macro, Token};

use super::places::place;

/// The literal to write, where the expression is none and tells.
pub(super) fn meant(found: &Expr) -> Option<String> {
    if matches!(found, Expr::Lit(_)) {
        return None;
    }
    let text = match place(found) {
        Some((place, root)) if !root.to_string().contains(char::is_uppercase) => {
            format!("charge:{{{place}}}")
        }
        _ => text_of(found)?,
    };
    let is_whole = text.contains('{') && !text.replace("{{", "").contains("{}");
    is_whole.then(|| format!("{text:?}"))
}

fn text_of(found: &Expr) -> Option<String> {
    match found {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        // `"…".to_owned()`, `String::from("…")`.
        Expr::MethodCall(call) => text_of(&call.receiver),
        Expr::Call(call) => call.args.first().and_then(text_of),
        Expr::Reference(reference) => text_of(&reference.expr),
        Expr::Macro(found) => formatted(&found.mac),
        _ => None,
    }
}

/// What `format!` and `concat!` put together, with its values by their names.
fn formatted(found: &Macro) -> Option<String> {
    let list = found.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
    if found.path.is_ident("concat") {
        return list.iter().map(text_of).collect();
    }
    let mut list = list.iter();
    let mut text = text_of(list.next()?)?;
    for value in list {
        let (place, _) = place(value)?;
        text = text.replacen("{}", &format!("{{{place}}}"), 1);
    }
    Some(text)
}
