//! A key's template, as it stands in the attribute.

use proc_macro2::Span;
use syn::{Expr, LitStr};

use crate::errors::Errors;
use crate::parser::Template;
use crate::place::{self, Place};

/// Reads a text as the template of a key.
#[must_use]
pub fn template(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let Some(template) = read(text) else { return false };
    assert!(template.operation.ends_with(char::is_alphanumeric), "{:?}", template.operation);
    assert!(!template.parts.is_empty());
    assert_eq!(template.literal.value(), text);
    let chars: Vec<_> = text.chars().collect();
    for (hole, _) in &template.parts {
        let inner: String = chars[hole.column..].iter().take_while(|char| **char != '}').collect();
        assert_eq!(chars[hole.column - 1], '{', "it stands where it says");
        assert_eq!(hole.place.to_string(), inner.replace("r#", ""), "it is named as it is written");
        is_expression(&hole.place);
    }
    let lead: String = chars[..template.parts[0].0.column - 1].iter().collect();
    let text = lead.replace("{{", "{").replace("}}", "}");
    let after = text.strip_prefix(&template.operation);
    assert!(after.is_some_and(|after| !after.contains(char::is_alphanumeric)), "{text:?}");
    let written = write(&lead, &template);
    let again = read(&written).unwrap_or_else(|| panic!("{written:?} is no template"));
    assert_eq!(again.operation, template.operation);
    assert_eq!(parts(&again), parts(&template));
    true
}

/// A template, or `None` and the mistakes that are told.
fn read(text: &str) -> Option<Template> {
    let mut errors = Errors::default();
    let template = Template::parse(LitStr::new(text, Span::call_site()), &mut errors);
    assert_eq!(template.is_none(), !errors.is_empty(), "{text:?}: a mistake is told");
    // What the compiler is given: each mistake as a call of `compile_error!`.
    let told = errors.into_tokens().to_string();
    assert_eq!(template.is_none(), told.contains("compile_error"), "{told}");
    template
}

/// What the macro makes of a placeholder can be compiled as far as its syntax goes: a name, its fields and
/// methods without arguments.
fn is_expression(place: &Place) {
    let root = place::ident(&place.root, Span::call_site());
    let tokens = place.tokens(&root, Span::call_site());
    let mut expr = syn::parse2::<Expr>(tokens.clone())
        .unwrap_or_else(|error| panic!("`{tokens}` is no expression: {error}"));
    loop {
        expr = match expr {
            Expr::Path(_) => break,
            Expr::Field(field) => *field.base,
            Expr::MethodCall(call) if call.args.is_empty() => *call.receiver,
            _ => panic!("`{tokens}` is another expression"),
        };
    }
}

fn write(lead: &str, template: &Template) -> String {
    let mut text = lead.to_owned();
    for (place, after) in parts(template) {
        let after = after.replace('{', "{{").replace('}', "}}");
        text.extend(["{", place.as_str(), "}", after.as_str()]);
    }
    text
}

fn parts(template: &Template) -> Vec<(String, &str)> {
    template.parts.iter().map(|(hole, after)| (hole.place.to_string(), after.as_str())).collect()
}
