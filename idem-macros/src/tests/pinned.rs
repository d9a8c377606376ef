//! Functions as `#[async_trait]` hands them on.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::told::{expanded, told};
use crate::expand;

const BOXED: &str = "::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<u64, Error>> \
                     + ::core::marker::Send + 'async_trait>>";
const EDGE: &str = "if let ::core::option::Option::Some(__ret) = \
                    ::core::option::Option::None::<Result<u64, Error>> { return __ret; }";

fn method(output: &str, body: &str) -> String {
    format!(
        "#[idempotent(key = \"pay:{{self.shop}}:{{pair.0}}\", strategy = \"setnx\")]
         fn pay<'life0, 'async_trait>(&'life0 self, __arg1: (u64, u64)) -> {output} {{ {body} }}"
    )
}

/// What `#[async_trait]` makes of a method with a pattern for a parameter.
fn usual() -> String {
    let body = format!(
        "Box::pin(async move {{
             {EDGE}
             let __self = self;
             let mut pair = __arg1;
             let __ret: Result<u64, Error> = {{ let later = pair.0; Ok(later) }};
             __ret
         }})"
    );
    method(BOXED, &body)
}

fn refused(output: &str, body: &str) {
    let told = told(&method(output, body));
    assert_eq!(told, ["`#[idempotent]` guards async functions: write `async fn pay`"], "{body}");
}

#[test]
fn what_async_trait_wrote_is_guarded_inside_of_its_box() {
    let guarded = expanded(&usual());
    let inside = guarded.split_once("Box :: pin (async move {").expect(&guarded).1;
    let (taken_over, key) = inside.split_once("let key =").expect(&guarded);
    for local in ["let __self = self ;", "let mut pair = __arg1 ;"] {
        assert!(taken_over.contains(local), "{local}: {guarded}");
    }
    for part in ["__self . shop", "pair . 0"] {
        assert!(key.contains(part), "{part}: {guarded}");
    }
    // The body begins with its own question for the type, and takes nothing apart again.
    let body = key.split_once("pin (async move {").expect(&guarded).1;
    assert!(body.trim_start().starts_with("if let :: core :: option"), "{body}");
    assert!(body.contains("let __ret : Result < u64 , Error > = { let later"), "{body}");
    assert!(!body.contains("let __self") && !body.contains("let mut pair"), "{body}");
    assert!(guarded.contains("Natural :: < Result < u64 , Error > >"), "{guarded}");
}

/// Only what takes the parameters over stands before the guard: a method without any has its own
/// statements there.
#[test]
fn statements_of_the_body_stay_inside() {
    let body = "Box::pin(async move { let early = 1; Ok(early) })";
    let source = method(BOXED, body).replace("self.shop", "__arg1.1").replace("pair", "__arg1");
    let guarded = expanded(&source);
    let inside = guarded.rsplit_once("pin (async move {").expect(&guarded).1;
    assert!(inside.trim_start().starts_with("let early = 1"), "{guarded}");
}

#[test]
fn what_is_made_async_in_another_way_is_refused() {
    let body = "async move { Ok(1) }";
    for (output, body) in [
        (BOXED, format!("Box::pin({body}); 1")),
        (BOXED, format!("let a = 1; Box::pin({body})")),
        (BOXED, "Box::pin(async { Ok(1) })".to_owned()),
        (BOXED, "Box::pin(move || Ok(1))".to_owned()),
        (BOXED, "Box::pin(unsafe move { Ok(1) })".to_owned()),
        (BOXED, "Box::pin(async move Ok(1))".to_owned()),
        (BOXED, format!("Box::new({body})")),
        (BOXED, format!("Arc::pin({body})")),
        (BOXED, format!("pin({body})")),
        (BOXED, "boxed".to_owned()),
        ("Box<dyn Future<Output = u64>>", format!("Box::pin({body})")),
        ("Pin<Arc<dyn Future<Output = u64>>>", format!("Box::pin({body})")),
        ("Pin<Box<Future<Output = u64>>>", format!("Box::pin({body})")),
        ("Pin<Box<dyn Stream<Output = u64>>>", format!("Box::pin({body})")),
        ("Pin<Box<dyn Future<Item = u64>>>", format!("Box::pin({body})")),
        ("Pin<Box<dyn Future>>", format!("Box::pin({body})")),
        ("Pin", format!("Box::pin({body})")),
    ] {
        refused(output, &body);
    }
}

/// As from a macro of the user's own, which hands the call on as one expression.
#[test]
fn invisible_brackets_are_looked_through() {
    let rewrite = |tokens: TokenStream, delimiter| -> TokenStream {
        let rewritten = tokens.into_iter().map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner = Group::new(delimiter, group.stream());
                let inner = TokenStream::from(TokenTree::Group(inner));
                TokenTree::Group(Group::new(Delimiter::Brace, inner))
            }
            token => token,
        });
        rewritten.collect()
    };
    let options = || "key = \"pay:{id}\", strategy = \"setnx\"".parse().expect("options");
    let item = format!("fn pay(id: u64) -> {BOXED} {{ Box::pin(async move {{ Ok(id) }}) }}");
    let item: TokenStream = item.parse().expect("tokens");
    let guarded = |delimiter| {
        let item = rewrite(item.clone(), delimiter);
        !expand::idempotent(options(), &item).to_string().contains("compile_error")
    };
    assert!(guarded(Delimiter::None));
    assert!(!guarded(Delimiter::Parenthesis));
}
