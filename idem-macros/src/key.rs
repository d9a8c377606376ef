//! `key!("…")`: a key from the names in scope.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Path, Token};

use crate::errors::Errors;
use crate::expand::key as write_key;
use crate::place;
use crate::runtime::Runtime;
use crate::template::Template;

struct Input {
    template: LitStr,
    krate: Option<Path>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let wrong = "`key!` takes a template in quotes: write `key!(\"charge:{order_id}\")`";
        if input.is_empty() {
            return Err(syn::Error::new(input.span(), wrong));
        }
        let start = input.cursor();
        let template = input.parse::<LitStr>().map_err(|_| syn::Error::new(start.span(), wrong))?;
        let mut krate = None;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            let names = "`key!` takes names from the scope: write them into the template";
            let start = input.cursor();
            let crate_option = input
                .parse::<Token![crate]>()
                .and_then(|_| input.parse::<Token![=]>())
                .and_then(|_| input.call(Path::parse_mod_style));
            match crate_option {
                Ok(path) => krate = Some(path),
                Err(_) => return Err(syn::Error::new(start.span(), names)),
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { template, krate })
    }
}

pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<Input>(tokens) {
        Ok(input) => input,
        Err(error) => {
            errors.push(error);
            return refusal(errors);
        }
    };
    if !errors.plain(&input.template) {
        return refusal(errors);
    }
    let Some(template) = Template::parse(input.template, &mut errors) else {
        return refusal(errors);
    };
    let runtime = Runtime::find(input.krate.as_ref());
    let span = template.literal.span();
    let roots: Vec<_> = template
        .parts
        .iter()
        .map(|(placeholder, _)| write_key::Root {
            ident: place::ident(&placeholder.place.root, span),
            of_server: false,
        })
        .collect();
    let key = write_key::write(&template, &roots, &write_key::Compared::Elsewhere, &runtime);
    quote!({ #key })
}

/// Mistakes where an expression is due.
fn refusal(errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    quote!({ #errors })
}
