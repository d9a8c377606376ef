//! All mistakes of one use of a macro, reported together.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::LitStr;

/// Collects mistakes, so that one does not hide the next.
///
/// Every collector is asked in the end; one that is dropped unasked would swallow mistakes.
#[derive(Default)]
pub(crate) struct Errors {
    all: Vec<syn::Error>,
}

impl Errors {
    /// A mistake at a place.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.all.push(syn::Error::new(span, message));
    }

    /// A mistake under all of some tokens.
    pub(crate) fn under(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.all.push(syn::Error::new_spanned(tokens, message));
    }

    /// Tells a string literal with a suffix, which the compiler leaves to the macro. Whether it had none.
    pub(crate) fn plain(&mut self, text: &LitStr) -> bool {
        let suffix = text.suffix();
        if !suffix.is_empty() {
            self.at(text.span(), format!("a string has no suffix: remove the `{suffix}` after it"));
        }
        suffix.is_empty()
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.all.push(error);
    }

    /// Takes back what was told, in favour of what makes it needless.
    pub(crate) fn forget(&mut self, told: std::ops::Range<usize>) {
        self.all.drain(told);
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The mistakes as the compiler reports them; empty if there were none.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.all.iter().map(syn::Error::to_compile_error).collect()
    }
}
