//! Functions that another macro has made async: `Box::pin(async move { … })`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser};
use syn::{
    Expr, GenericArgument, Local, Path, PathArguments, ReturnType, Stmt, Type, TypeParamBound,
};

/// The parts of a function that `#[async_trait]` wrote.
pub(crate) struct Pinned {
    /// The path before the parentheses: `Box::pin`.
    pub(crate) pin: TokenStream,
    /// What the future gives.
    pub(crate) output: Type,
    /// `let` statements that take the parameters apart.
    pub(crate) lets: Vec<Local>,
}

/// Recognises `Box::pin(async move { … })` in a function that returns a boxed future, and gives the
/// statements of the async block.
pub(super) fn recognise(output: &ReturnType, body: &TokenStream) -> Option<(Pinned, TokenStream)> {
    let ReturnType::Type(_, ty) = output else { return None };
    let output = boxed_future(ty)?;
    let mut tokens: Vec<TokenTree> = body.clone().into_iter().collect();
    if let [TokenTree::Group(only)] = &tokens[..]
        && only.delimiter() == Delimiter::None
    {
        tokens = only.stream().into_iter().collect();
    }
    let TokenTree::Group(arguments) = tokens.pop()? else { return None };
    let pin: TokenStream = tokens.into_iter().collect();
    let path: Path = syn::parse2(pin.clone()).ok()?;
    let mut names = path.segments.iter().rev().map(|segment| segment.ident.to_string());
    if names.next()? != "pin" || names.next()? != "Box" {
        return None;
    }
    let mut inner = arguments.stream().into_iter();
    let word = |token: Option<TokenTree>, text: &str| matches!(token, Some(TokenTree::Ident(word)) if word == text);
    if !word(inner.next(), "async") || !word(inner.next(), "move") {
        return None;
    }
    let Some(TokenTree::Group(block)) = inner.next() else { return None };
    let (lets, body) = take_apart(block.stream());
    Some((Pinned { pin, output, lets }, body))
}

/// Whether a body waits for a future, as it does under `#[tokio::main]`.
pub(super) fn blocks(body: &TokenStream) -> bool {
    body.clone().into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "block_on",
        TokenTree::Group(group) => blocks(&group.stream()),
        _ => false,
    })
}

/// `R` of `Pin<Box<dyn Future<Output = R>>>`.
fn boxed_future(ty: &Type) -> Option<Type> {
    let pin = argument(ty, "Pin")?;
    let Type::TraitObject(object) = argument(pin, "Box")? else { return None };
    object.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => {
                Some(output.ty.clone())
            }
            _ => None,
        })
    })
}

/// The type argument of a type with this name.
pub(crate) fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Splits off the `let`s by which `#[async_trait]` takes the parameters over: they stand first, after
/// an `if` that states the return type, and up to the `let` of the result.
fn take_apart(block: TokenStream) -> (Vec<Local>, TokenStream) {
    let mut lets = Vec::new();
    let parse = |input: ParseStream<'_>| {
        let mut edge = TokenStream::new();
        loop {
            let fork = input.fork();
            let statement = fork.parse::<Stmt>();
            match statement {
                Ok(Stmt::Expr(Expr::If(found), None)) if edge.is_empty() && lets.is_empty() => {
                    edge = quote!(#found);
                }
                Ok(Stmt::Local(local)) if !edge.is_empty() && !is_result(&local) => {
                    lets.push(local);
                }
                _ => break,
            }
            input.advance_to(&fork);
        }
        let rest = input.parse::<TokenStream>()?;
        Ok(quote!(#edge #rest))
    };
    match parse.parse2(block.clone()) {
        Ok(body) => (lets, body),
        Err(_) => (Vec::new(), block),
    }
}

fn is_result(local: &Local) -> bool {
    match &local.pat {
        syn::Pat::Type(pat) => matches!(&*pat.pat, syn::Pat::Ident(name) if name.ident == "__ret"),
        _ => false,
    }
}
