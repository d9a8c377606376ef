//! A value by its way from a name: `user.id`, `pair.0`, `req.id()`.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;

/// One step after the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(u32),
    Method(String),
}

/// A name, and the steps after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) root: String,
    pub(crate) steps: Vec<Step>,
}

impl Place {
    /// Whether it is a name alone.
    pub(crate) fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// What the first method is called on, where there is one.
    pub(crate) fn before_methods(&self) -> Option<Self> {
        let fields = self.steps.iter().position(|step| matches!(step, Step::Method(_)))?;
        Some(Self { root: self.root.clone(), steps: self.steps[..fields].to_vec() })
    }

    /// The expression, from the identifier that the name stands for. A name alone keeps its own
    /// span, longer ways have `span`.
    pub(crate) fn tokens(&self, root: &Ident, span: Span) -> TokenStream {
        if self.is_plain() {
            return root.to_token_stream();
        }
        let mut root = root.clone();
        root.set_span(root.span().located_at(span));
        let mut tokens = root.into_token_stream();
        for step in &self.steps {
            tokens.extend(match step {
                Step::Field(name) => {
                    let name = ident(name, span);
                    quote_spanned!(span=> .#name)
                }
                Step::Index(index) => {
                    let mut index = Literal::u32_unsuffixed(*index);
                    index.set_span(span);
                    quote_spanned!(span=> .#index)
                }
                Step::Method(name) => {
                    let name = ident(name, span);
                    quote_spanned!(span=> .#name())
                }
            });
        }
        tokens
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.root)?;
        for step in &self.steps {
            match step {
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, ".{index}")?,
                Step::Method(name) => write!(f, ".{name}()")?,
            }
        }
        Ok(())
    }
}

/// An identifier by its bare name, raw where the name is a keyword.
pub(crate) fn ident(name: &str, span: Span) -> Ident {
    let bare = matches!(name, "self" | "Self" | "super" | "crate");
    if bare || syn::parse_str::<Ident>(name).is_ok() {
        Ident::new(name, span)
    } else {
        Ident::new_raw(name, span)
    }
}

/// Whether a text can be an identifier, keywords too: `type` is `r#type`.
pub(crate) fn is_name(text: &str) -> bool {
    let is_one = |text: &str| syn::parse::Parser::parse_str(Ident::parse_any, text).is_ok();
    // The parser passes over spaces before and after a name, but not within one: so it is tried within
    // one, too. Comments, which it passes over there as well, have a slash.
    text != "_" && !text.contains('/') && is_one(text) && is_one(&format!("a{text}a"))
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names() {
        assert!(is_name("user"));
        assert!(is_name("größe"));
        assert!(is_name("type"));
        assert!(is_name("_x"));
        assert!(!is_name("_"));
        assert!(!is_name(""));
        assert!(!is_name("0"));
        assert!(!is_name("a b"));
        assert!(!is_name(" a"));
        assert!(!is_name("a\n"));
        assert!(!is_name("\u{200e}a"));
        assert!(!is_name("\u{feff}a"));
        assert!(!is_name("a/**/"));
        assert!(!is_name("a//"));
        assert!(!is_name("a+b"));
    }
}
