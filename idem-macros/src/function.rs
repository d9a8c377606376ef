//! The function that the attribute stands on.

mod pinned;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, FnArg, Pat, ReturnType, Signature, Token, Type, Visibility};

use crate::errors::Errors;
use crate::names::Names;
pub(crate) use pinned::{Pinned, argument};

/// A function whose body is kept as it was typed.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Ident>,
    pub(crate) sig: Signature,
    /// The span of the body's braces.
    pub(crate) braces: Span,
    /// The statements of the body.
    pub(crate) body: TokenStream,
    pub(crate) shape: Shape,
    pub(crate) names: Names,
}

/// How a function is async.
pub(crate) enum Shape {
    /// `async fn`.
    Async,
    /// `fn … -> Pin<Box<dyn Future>>` around `Box::pin(async move { … })`, as `#[async_trait]` and
    /// other macros write it.
    Pinned(Box<Pinned>),
}

/// A function as it parses, before anything is refused.
struct Parsed {
    attrs: Vec<Attribute>,
    vis: Visibility,
    defaultness: Option<Ident>,
    sig: Signature,
    body: Option<Group>,
}

impl Parse for Parsed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let defaultness = default(input);
        let sig = input.parse()?;
        let body =
            if input.parse::<Option<Token![;]>>()?.is_some() { None } else { Some(body(input)?) };
        Ok(Self { attrs, vis, defaultness, sig, body })
    }
}

/// The braces of the body, without the invisible brackets in which a `$body:block` of `macro_rules!`
/// comes.
fn body(input: ParseStream<'_>) -> syn::Result<Group> {
    let fork = input.fork();
    if let Ok(TokenTree::Group(group)) = fork.parse()
        && group.delimiter() == Delimiter::None
        && let Ok(inner) = syn::parse2::<Group>(group.stream())
    {
        input.advance_to(&fork);
        return Ok(inner);
    }
    input.parse()
}

/// The word `default` of a specialised method.
fn default(input: ParseStream<'_>) -> Option<Ident> {
    let fork = input.fork();
    let word = fork.parse::<Ident>().ok().filter(|word| word == "default")?;
    input.advance_to(&fork);
    Some(word)
}

impl Function {
    /// Parses the item, and tells what keeps it from being guarded. `None` where nothing can be made of
    /// it.
    pub(crate) fn parse(item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let parsed: Parsed = match syn::parse2(item.clone()) {
            Ok(parsed) => parsed,
            Err(error) => {
                not_a_function(item, error, errors);
                return None;
            }
        };
        let Some(group) = parsed.body.filter(|body| body.delimiter() == Delimiter::Brace) else {
            let name = &parsed.sig.ident;
            errors.at(
                name.span(),
                format!(
                    "`{name}` has no body to guard: put `#[idempotent]` on each implementation"
                ),
            );
            return None;
        };
        let braces = group.span();
        let split = |input: ParseStream<'_>| {
            Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?))
        };
        let (inner_attrs, body) =
            split.parse2(group.stream()).unwrap_or_else(|_| (Vec::new(), group.stream()));
        let names = Names::of(&parsed.sig);
        let guarded_again = parsed.attrs.iter().find(|attr| {
            attr.path().segments.last().is_some_and(|last| last.ident == "idempotent")
        });
        if let Some(again) = guarded_again {
            let name = &parsed.sig.ident;
            errors.under(again, format!("`{name}` is guarded twice: remove one `#[idempotent]`"));
        }
        let mut function = Self {
            attrs: parsed.attrs,
            inner_attrs,
            vis: parsed.vis,
            defaultness: parsed.defaultness,
            sig: parsed.sig,
            braces,
            body,
            shape: Shape::Async,
            names,
        };
        if function.sig.asyncness.is_none() && !function.recognise(errors) {
            return None;
        }
        function.refuse(errors);
        Some(function)
    }

    /// The type of the parameter of this name, where the name is all of its pattern.
    pub(crate) fn type_of(&self, name: &str) -> Option<&Type> {
        self.sig.inputs.iter().find_map(|argument| match argument {
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pat) if pat.ident.unraw() == name => Some(&*typed.ty),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        })
    }

    /// Whether a parameter is bound as `mut`.
    pub(crate) fn is_mut(&self, name: &Ident) -> bool {
        let parameters = self.sig.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(typed) => Some(&*typed.pat),
            FnArg::Receiver(_) => None,
        });
        let lets = match &self.shape {
            Shape::Pinned(pinned) => &pinned.lets[..],
            Shape::Async => &[],
        };
        let mut patterns = parameters.chain(lets.iter().map(|local| &local.pat));
        patterns.any(
            |pat| matches!(pat, Pat::Ident(pat) if pat.ident == *name && pat.mutability.is_some()),
        )
    }

    /// What a call gives.
    pub(crate) fn output(&self) -> Option<&Type> {
        match (&self.shape, &self.sig.output) {
            (Shape::Pinned(pinned), _) => Some(&pinned.output),
            (Shape::Async, ReturnType::Type(_, ty)) => Some(ty),
            (Shape::Async, ReturnType::Default) => None,
        }
    }

    /// Takes a function that is not `async fn` for one that another macro has made so; if it is none,
    /// that is told. Whether it is one.
    fn recognise(&mut self, errors: &mut Errors) -> bool {
        let Some((pinned, body)) = pinned::recognise(&self.sig.output, &self.body) else {
            let name = &self.sig.ident;
            let below = if pinned::blocks(&self.body) {
                ", with what makes it sync, such as `#[tokio::main]`, below `#[idempotent]`"
            } else {
                ""
            };
            errors.at(
                self.sig.fn_token.span,
                format!("`#[idempotent]` guards async functions: write `async fn {name}`{below}"),
            );
            return false;
        };
        for local in &pinned.lets {
            self.names.rebind(local);
        }
        self.body = body;
        self.shape = Shape::Pinned(Box::new(pinned));
        true
    }

    /// Tells what else keeps the function from being guarded.
    fn refuse(&self, errors: &mut Errors) {
        let sig = &self.sig;
        let name = &sig.ident;
        let mut no = |span: Span, message: String| errors.at(span, message);
        if let syn::Safety::Unsafe(token) = &sig.safety {
            no(
                token.span,
                "`#[idempotent]` guards safe functions: put the unsafe code into a function that \
                 this one calls"
                    .to_owned(),
            );
        }
        if let Some(abi) = &sig.abi {
            no(
                abi.extern_token.span,
                "`#[idempotent]` guards Rust functions: remove the `extern`".to_owned(),
            );
        }
        match self.output() {
            None => no(
                name.span(),
                format!(
                    "`{name}` returns nothing, so it couldn't say that the first call is still in \
                     flight: return a `Result<(), E>`"
                ),
            ),
            Some(output) => {
                if let Some(token) = impl_trait(output.to_token_stream()) {
                    no(
                        token,
                        "a result is stored, so its type has a name: write it in place of this \
                         `impl`"
                            .to_owned(),
                    );
                } else if let Some(what) = plainly_no_result(output) {
                    errors.under(
                        output,
                        format!(
                            "`{name}` returns {what}, so it couldn't say that the first call is \
                             still in flight: return a `Result<{}, E>`",
                            shown(output),
                        ),
                    );
                }
            }
        }
    }
}

/// Tells what the attribute stands on instead.
fn not_a_function(item: TokenStream, error: syn::Error, errors: &mut Errors) {
    let skip = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let next: TokenTree = input.parse()?;
        let fork = input.fork();
        let after = fork.parse::<TokenTree>().ok();
        input.parse::<TokenStream>()?;
        Ok((next, after))
    };
    let Ok((first, after)) = skip.parse2(item) else {
        errors.push(error);
        return;
    };
    let follows = after.map(|after| after.to_string()).unwrap_or_default();
    let is_block = |follows: &str| matches!(follows, "|" | "move") || follows.starts_with('{');
    let word = match (first.to_string(), follows.as_str()) {
        (word, follows) if word == "async" && is_block(follows) => "|".to_owned(),
        (unsafety, "impl" | "trait") if unsafety == "unsafe" => follows,
        (constness, "fn" | "async" | "unsafe" | "extern") if constness == "const" => String::new(),
        (word, _) => word,
    };
    if matches!(word.as_str(), "fn" | "async" | "unsafe" | "extern" | "default" | "") {
        errors.push(error);
        return;
    }
    let message = match word.as_str() {
        "impl" | "trait" => {
            format!("`#[idempotent]` guards functions: put it on each method of this `{word}`")
        }
        "|" => "`#[idempotent]` guards functions: put it on an `async fn`, or guard this by \
                `idem.call(&PLAN, key, future)`"
            .to_owned(),
        _ => "`#[idempotent]` guards functions: put it on an `async fn`".to_owned(),
    };
    errors.at(first.span(), message);
}

/// Types that are no `Result` by their very syntax.
fn plainly_no_result(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Tuple(tuple) if tuple.elems.is_empty() => Some("nothing"),
        Type::Reference(_) => Some("a reference"),
        Type::Array(_) => Some("an array"),
        Type::Never(_) => Some("never"),
        Type::Ptr(_) => Some("a pointer"),
        Type::Path(path) => {
            let name = path.path.get_ident()?.to_string();
            match name.as_str() {
                "bool" => Some("a `bool`"),
                "char" => Some("a `char`"),
                "String" => Some("a `String`"),
                "f32" | "f64" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16"
                | "u32" | "u64" | "u128" | "usize" => Some("a number"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// One of those types, to be written in a `Result`.
fn shown(ty: &Type) -> String {
    match ty {
        Type::Path(_) => ty.to_token_stream().to_string(),
        Type::Tuple(_) => "()".to_owned(),
        _ => "T".to_owned(),
    }
}

/// The first `impl` in a type.
fn impl_trait(ty: TokenStream) -> Option<Span> {
    ty.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word.span()),
        TokenTree::Group(group) => impl_trait(group.stream()),
        _ => None,
    })
}
