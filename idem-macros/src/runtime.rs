//! Where the runtime is: under which path generated code finds the crate `idem`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The package; its library is called `idem`, and so is the dependency unless it was renamed.
const PACKAGE: &str = "idem-runtime";

/// The path of the runtime: what `crate = …` says, else what `Cargo.toml` calls it.
pub(crate) fn path(given: Option<&syn::Path>) -> TokenStream {
    if let Some(path) = given {
        return quote!(#path);
    }
    let name = match crate_name(PACKAGE) {
        Ok(FoundCrate::Name(name)) if name != "idem_runtime" => name,
        // Not renamed; or not there at all, and then the compiler says so.
        _ => "idem".to_owned(),
    };
    let name = Ident::new(&name, Span::mixed_site());
    quote!(::#name)
}
