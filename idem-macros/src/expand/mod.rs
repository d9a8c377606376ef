//! The guarded function: its plan, its key, and one call.

mod edge;
mod joined;
pub(crate) mod key;
mod plan;
mod returns;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::check::{self, Unknown};
use crate::errors::Errors;
use crate::fallback;
use crate::function::{Function, Pinned, Shape};
use crate::options::{Fingerprint, Options};
use crate::runtime::Runtime;
use crate::template::Template;

/// Parses, checks and writes; on a mistake the plain function and what is wrong.
pub(crate) fn idempotent(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let template = options.key.clone().and_then(|key| Template::parse(key, &mut errors));
    check::contradictions(&options, &mut errors);
    let Some(function) = Function::parse(item.clone(), &mut errors) else {
        return fallback::item(item, errors);
    };
    check::missing(&options, &function, &mut errors);
    check::values(&options, &function, &mut errors);
    check::engine(&options, &function, &mut errors);
    check::borrows(&options, &function, &mut errors);
    check::results(&options, &function, &mut errors);
    check::entity(&options, &function, &mut errors);
    check::token(&options, template.as_ref(), &mut errors);
    check::fingerprint(&options, template.as_ref(), &function, &mut errors);
    check::transaction(&options, template.as_ref(), &function, &mut errors);
    let unknown = template
        .as_ref()
        .map_or(Unknown::None, |template| check::placeholders(template, &function, &mut errors));
    match (template, unknown) {
        (Some(template), Unknown::None) if errors.is_empty() => {
            guarded(&options, &template, &function)
        }
        (template, Unknown::LeftToCompiler(names)) => {
            fallback::function(item, &function, template.as_ref(), &names, errors)
        }
        (template, _) => fallback::function(item, &function, template.as_ref(), &[], errors),
    }
}

/// What the parts of an expansion have in common.
pub(crate) struct Context<'a> {
    options: &'a Options,
    function: &'a Function,
    runtime: Runtime,
}

impl Context<'_> {
    /// What stands for the parameter that `tx` names.
    fn transaction(&self) -> Option<&Ident> {
        let name = self.options.tx.as_ref()?.unraw().to_string();
        self.function.names.get(&name).map(|name| &name.ident)
    }
}

fn guarded(options: &Options, template: &Template, function: &Function) -> TokenStream {
    let runtime = Runtime::find(options.krate.as_ref());
    let context = Context { options, function, runtime };
    match &function.shape {
        Shape::Async => function.around(&call(&context, template, &[])),
        Shape::Pinned(pinned) => {
            let Pinned { pin, lets, .. } = &**pinned;
            let call = call(&context, template, lets);
            function.around(&quote!(#pin(async move { #call })))
        }
    }
}

/// The statements that guard the body.
fn call(context: &Context<'_>, template: &Template, lets: &[syn::Local]) -> TokenStream {
    let Context { options, function, runtime } = context;
    let here = Span::mixed_site();
    let [site, key, engine, returns] =
        ["site", "key", "engine", "returns"].map(|name| Ident::new(name, here));
    let plan = plan::write(context);
    let operation = &template.operation;
    let roots: Vec<_> = template
        .parts
        .iter()
        .filter_map(|(placeholder, _)| function.names.get(&placeholder.place.root))
        .map(|name| key::Root { ident: name.ident.clone(), of_server: name.of_server })
        .collect();
    let compared = match &options.fingerprint {
        None => key::Compared::Unsaid,
        Some(Fingerprint::Off) => key::Compared::Elsewhere,
        Some(Fingerprint::Places(places)) => key::Compared::By(places, &function.names),
    };
    let absent = absent(options, template, function);
    let key_value = key::write(template, &roots, &compared, runtime);
    let token = token(context);
    let transition = edge::write(context, template);
    let transition = transition.map(|it| quote_spanned!(here=> .transition(#it)));
    let engine_value = engine_value(context);
    let returns_value = returns::write(context);
    let body = body(context);
    let runtime = runtime.at(here);
    let finishes = options.on_cancel.filter(|_| options.finishes());
    let answer = match (context.transaction(), finishes) {
        (Some(tx), _) => joined::write(tx, context, [&site, &engine, &key, &returns], &body),
        (None, None) => quote_spanned! {here=>
            #runtime::__private::call(#site, #engine, #key, #returns, #body).await
        },
        // What can't go on by itself is told where it was asked to.
        (None, Some(word)) => {
            let span = here.located_at(word.span);
            let [future, site, key, engine, returns] =
                ["body", "site", "key", "engine", "returns"].map(|name| Ident::new(name, span));
            quote_spanned! {span=> {
                let #future = #body;
                #returns.call_detached(#site, #engine, #key, #future)
            }.await}
        }
    };
    quote_spanned! {here=>
        // In a block: an item's name would be seen by the body too.
        let #site: &'static #runtime::__private::Site = {
            static SITE: #runtime::__private::Site = #runtime::__private::Site::new(
                #operation,
                ::core::concat!(::core::file!(), ":", ::core::line!()),
                #plan,
            );
            &SITE
        };
        #(#lets)*
        #absent
        let #key = { #key_value }#token #transition;
        let #engine = #engine_value;
        let #returns = #returns_value;
        #answer
    }
}

/// Tells a parameter that is named and that a `#[cfg(…)]` on it has taken away. Only the compiler
/// knows whether it has.
fn absent(options: &Options, template: &Template, function: &Function) -> TokenStream {
    let in_key =
        template.parts.iter().map(|(placeholder, _)| (&placeholder.place, "part of the key"));
    let in_fingerprint =
        options.compared().iter().map(|listed| (&listed.place, "part of the fingerprint"));
    let in_token = options.token.iter().map(|listed| (&listed.place, "the token"));
    let mut told = Vec::new();
    let mut absent = TokenStream::new();
    for (place, what) in in_key.chain(in_fingerprint).chain(in_token) {
        let Some(name) = function.names.get(&place.root) else { continue };
        let always = name.cfgs.is_empty() || name.cfgs.iter().any(Vec::is_empty);
        if always || told.contains(&&place.root) {
            continue;
        }
        told.push(&place.root);
        let ident = &name.ident;
        let cfgs = name.cfgs.iter().map(|all| quote!(all(#(#all),*)));
        let message = format!(
            "`{}` is {what}, and its `#[cfg(…)]` leaves it out here: write one \
             function for each configuration, each with a key of its own",
            place.root
        );
        let span = Span::mixed_site().located_at(ident.span());
        absent.extend(quote_spanned! {span=>
            #[cfg(not(any(#(#cfgs),*)))]
            let #ident = ::core::compile_error!(#message);
        });
    }
    absent
}

/// `.token(…)` on the key, for the token that the option names.
fn token(context: &Context<'_>) -> Option<TokenStream> {
    let listed = context.options.token.as_ref()?;
    let value = listed.value(&context.function.names)?;
    let span = Span::mixed_site().located_at(listed.root.span());
    let runtime = context.runtime.at(span);
    Some(quote_spanned!(span=> .token(#runtime::IsToken::token(&#value))))
}

/// The engine that the option names, cloned.
fn engine_value(context: &Context<'_>) -> TokenStream {
    let Some(engine) = &context.options.engine else {
        return quote!(::core::option::Option::None);
    };
    let span = Span::mixed_site().located_at(engine.span());
    let runtime = context.runtime.at(span);
    let engine = context.function.with_own_self(engine.to_token_stream());
    let [found, borrowed] = ["found", "engine"].map(|name| Ident::new(name, span));
    quote_spanned! {span=> {
        // By itself first: a `match` or an `.await` that is asked for an `Idem` gives no `&Idem`.
        let #found = &#engine;
        let #borrowed: &#runtime::Idem = #found;
        ::core::option::Option::Some(::core::clone::Clone::clone(#borrowed))
    }}
}

/// The body as a boxed future: recursion compiles, and the outer future stays small.
fn body(context: &Context<'_>) -> TokenStream {
    let Context { function, .. } = context;
    let statements = &function.body;
    let edge = match function.shape {
        // `#[async_trait]` wrote one.
        Shape::Pinned(_) => None,
        Shape::Async => function.output().map(return_edge),
    };
    let in_braces = |tokens| {
        let mut block = Group::new(Delimiter::Brace, tokens);
        block.set_span(function.braces);
        block.into_token_stream()
    };
    let block = if edge.is_some() && begins_with_item(statements) {
        let block = in_braces(statements.clone());
        in_braces(quote!(#edge #block))
    } else {
        in_braces(quote!(#edge #statements))
    };
    // A value that the key has used up, or one that isn't `Send`, is told at the function's name.
    let span = Span::mixed_site().located_at(function.sig.ident.span());
    let block = quote_spanned!(function.braces=> async move #block);
    quote_spanned!(span=> ::std::boxed::Box::pin(#block))
}

/// Whether an item may stand first. In a block of its own it comes after no statement, of which clippy
/// would warn; braces around one expression would be told to be needless.
fn begins_with_item(statements: &TokenStream) -> bool {
    const WORDS: [&str; 12] = [
        "use",
        "const",
        "static",
        "fn",
        "struct",
        "enum",
        "type",
        "trait",
        "impl",
        "mod",
        "pub",
        "macro_rules",
    ];
    match statements.clone().into_iter().next() {
        Some(TokenTree::Ident(word)) => WORDS.iter().any(|item| word == item),
        // An attribute, on an item most often.
        Some(TokenTree::Punct(mark)) => mark.as_char() == '#',
        _ => false,
    }
}

/// A `return` that is never taken, of the declared type: `?`, `.into()` and `.parse()` in the body
/// need to know it.
fn return_edge(output: &syn::Type) -> TokenStream {
    let span = Span::mixed_site().located_at(output.span());
    let value = Ident::new("value", span);
    quote_spanned! {span=>
        #[allow(unreachable_code, clippy::all, clippy::pedantic, clippy::nursery)]
        if false {
            let #value: #output = loop {};
            return #value;
        }
    }
}

impl Function {
    /// Tokens in which `self` is what stands for it here.
    fn with_own_self(&self, tokens: TokenStream) -> TokenStream {
        let Some(name) = self.names.get("self").filter(|name| name.ident != "self") else {
            return tokens;
        };
        tokens
            .into_iter()
            .map(|token| match token {
                TokenTree::Ident(word) if word == "self" => name.ident.clone().into_token_stream(),
                TokenTree::Group(group) => {
                    let inner = self.with_own_self(group.stream());
                    let mut new = Group::new(group.delimiter(), inner);
                    new.set_span(group.span());
                    new.into_token_stream()
                }
                token => token.into_token_stream(),
            })
            .collect()
    }
}
