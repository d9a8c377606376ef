//! `#[derive(KeyPart)]`, and what it has in common with the other derive.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Ident};

use crate::case::snake_case;
use crate::errors::Errors;
use crate::runtime::Runtime;

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    derived(item, implement)
}

/// What a derive writes: the implementation, or all mistakes in place of it.
pub(crate) fn derived(
    item: TokenStream,
    implement: impl FnOnce(&DeriveInput, &mut Errors) -> Option<TokenStream>,
) -> TokenStream {
    let mut errors = Errors::default();
    let tokens = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => implement(&input, &mut errors),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    if errors.is_empty() { tokens.unwrap_or_default() } else { errors.into_tokens() }
}

fn implement(input: &DeriveInput, errors: &mut Errors) -> Option<TokenStream> {
    let runtime = Runtime::find(None);
    let name = &input.ident;
    match &input.data {
        Data::Struct(data) => match data.fields.iter().collect::<Vec<_>>()[..] {
            [field] => Some(newtype(input, field, &runtime)),
            ref fields => {
                errors.at(name.span(), no_newtype(fields.len()));
                None
            }
        },
        Data::Enum(data) if data.variants.is_empty() => {
            errors.at(name.span(), "an enum without variants has no values to stand in a key");
            None
        }
        Data::Enum(data) => {
            for variant in &data.variants {
                if !matches!(variant.fields, Fields::Unit) {
                    errors.under(
                        &variant.fields,
                        "an enum that is a key part has no fields: implement `KeyPart` by hand and \
                         write what identifies the value",
                    );
                }
            }
            let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
            let texts: Vec<_> = variants.iter().map(|name| snake_case(&name.to_string())).collect();
            for (at, text) in texts.iter().enumerate() {
                if let Some(before) = texts[..at].iter().position(|other| other == text) {
                    let message = format!(
                        "`{}` and `{}` would both be written as `{text}`: rename one",
                        variants[before], variants[at],
                    );
                    errors.at(variants[at].span(), message);
                }
            }
            Some(field_less(input, &variants, &texts, &runtime))
        }
        Data::Union(data) => {
            errors.at(
                data.union_token.span,
                "a union has no text of its own: put a newtype or an enum without fields in keys",
            );
            None
        }
    }
}

fn no_newtype(fields: usize) -> String {
    let has = if fields == 0 { "no field".to_owned() } else { format!("{fields} fields") };
    format!(
        "a key part is a struct with one field, this has {has}: name the fields in the template \
         (`{{x.a}}:{{x.b}}`), or implement `KeyPart` by hand"
    )
}

fn newtype(input: &DeriveInput, field: &Field, runtime: &Runtime) -> TokenStream {
    let ty = &field.ty;
    let member = field.ident.as_ref().map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let span = Span::mixed_site().located_at(ty.span());
    let trait_ = runtime.at(span);
    let trait_ = quote_spanned!(span=> #trait_::KeyPart);
    // The bound is asked here, once: everything below may take it as given.
    let bound = quote_spanned!(span=> #ty: #trait_);
    implementation(
        input,
        runtime,
        Some(&bound),
        &quote!(<#ty as #trait_>::Origin),
        &quote!(<#ty as #trait_>::write(&self.#member, part)),
    )
}

fn field_less(
    input: &DeriveInput,
    variants: &[&Ident],
    texts: &[String],
    runtime: &Runtime,
) -> TokenStream {
    let path = runtime.at(Span::mixed_site());
    let body = quote! {
        part.push_str(match self { #(Self::#variants => #texts,)* })
    };
    implementation(input, runtime, None, &quote!(#path::origin::Server), &body)
}

fn implementation(
    input: &DeriveInput,
    runtime: &Runtime,
    bound: Option<&TokenStream>,
    origin: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let name = &input.ident;
    let runtime = runtime.at(Span::mixed_site());
    let (generics, arguments, clause) = input.generics.split_for_impl();
    let given = clause.map(|clause| &clause.predicates).into_iter().flatten();
    let bounds = given.map(ToTokens::to_token_stream).chain(bound.cloned());
    quote! {
        #[automatically_derived]
        impl #generics #runtime::KeyPart for #name #arguments where #(#bounds,)* {
            type Origin = #origin;

            fn write(&self, part: &mut #runtime::Part<'_>) {
                #body
            }
        }
    }
}
