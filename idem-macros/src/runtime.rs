//! Where the runtime is: under which path generated code finds the crate `idem`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;

/// The package; its library is called `idem`, and so is the dependency unless it was renamed.
const PACKAGE: &str = "idem-runtime";

/// The path of the runtime.
pub(crate) enum Runtime {
    /// What `crate = …` says. It keeps its span, where a mistake in it is told.
    Given(Path),
    /// What `Cargo.toml` calls it.
    Found(String),
}

impl Runtime {
    pub(crate) fn find(given: Option<&Path>) -> Self {
        if let Some(path) = given {
            return Self::Given(path.clone());
        }
        Self::Found(match crate_name(PACKAGE) {
            Ok(FoundCrate::Name(name)) if name != "idem_runtime" => name,
            // Not renamed; or not there at all, and then the compiler says so.
            _ => "idem".to_owned(),
        })
    }

    /// The path, for code that stands at a place: an error there is told there.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        match self {
            Self::Given(path) => path.to_token_stream(),
            Self::Found(name) => {
                let name = Ident::new(name, span);
                quote_spanned!(span=> ::#name)
            }
        }
    }
}
