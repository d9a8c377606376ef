//! Every use of a macro in a file, expanded as the compiler would.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::LitStr;

use crate::{derive, expand, fallback, key, machine};

/// A mistake that an expansion tells, and where: lines and columns from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// What the uses in some tokens are expanded to, those in one another too.
pub(super) fn expansions(tokens: TokenStream) -> Vec<TokenStream> {
    let mut all = Vec::new();
    find(tokens, &mut all);
    all
}

fn find(tokens: TokenStream, all: &mut Vec<TokenStream>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            // Its uses are wherever it is called.
            [TokenTree::Ident(word), _, TokenTree::Ident(_), ..] if word == "macro_rules" => {
                at += 4;
                continue;
            }
            [TokenTree::Ident(word), TokenTree::Punct(mark), TokenTree::Group(group), ..]
                if word == "key" && mark.as_char() == '!' =>
            {
                all.push(key::expand(group.stream()));
            }
            _ => {}
        }
        let (attributes, item) = attributes(&tokens[at..]);
        if !attributes.is_empty() {
            attributed(&attributes, item, all);
            at += attributes.len() * 2;
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            find(group.stream(), all);
        }
        at += 1;
    }
}

/// The outer attributes at the beginning, and what they stand on.
fn attributes(tokens: &[TokenTree]) -> (Vec<&[TokenTree]>, &[TokenTree]) {
    let mut attributes = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Punct(hash), TokenTree::Group(_), after @ ..] = rest
        && hash.as_char() == '#'
    {
        attributes.push(&rest[..2]);
        rest = after;
    }
    let is_end = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    let end = rest.iter().position(is_end).map_or(rest.len(), |end| end + 1);
    (attributes, &rest[..end])
}

/// Expands the attributes of an item one after the other, each with those that are left.
fn attributed(attributes: &[&[TokenTree]], item: &[TokenTree], all: &mut Vec<TokenStream>) {
    let mut left = attributes.to_vec();
    for attribute in attributes {
        let TokenTree::Group(group) = &attribute[1] else { continue };
        let (name, arguments) = parts(group);
        let derived: &[fn(TokenStream) -> TokenStream] = match name.as_str() {
            "idempotent" => &[],
            "derive" => {
                let names = arguments.to_string();
                match (names.contains("StateMachine"), names.contains("KeyPart")) {
                    (true, true) => &[machine::expand, derive::expand],
                    (true, false) => &[machine::expand],
                    (false, true) => &[derive::expand],
                    (false, false) => continue,
                }
            }
            _ => continue,
        };
        left.retain(|other| !std::ptr::eq(*other, *attribute));
        let item: TokenStream = left.concat().into_iter().chain(item.iter().cloned()).collect();
        if name == "idempotent" {
            let expand = |item: &TokenStream| expand::idempotent(arguments.clone(), item);
            all.push(fallback::or_item(&item, expand));
        } else {
            all.extend(derived.iter().map(|derive| derive(item.clone())));
        }
    }
}

/// The last name of an attribute's path, and what stands in its parentheses.
fn parts(attribute: &Group) -> (String, TokenStream) {
    let mut name = String::new();
    for token in attribute.stream() {
        match token {
            TokenTree::Ident(word) => name = word.to_string(),
            TokenTree::Group(group) => return (name, group.stream()),
            _ => {}
        }
    }
    (name, TokenStream::new())
}

/// The mistakes that an expansion tells, but for what a `#[cfg(…)]` leaves out.
pub(super) fn told(expansion: TokenStream, all: &mut Vec<Told>) {
    let mut left_out = false;
    let tokens: Vec<_> = expansion.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => left_out = false,
            TokenTree::Group(group) if is_hash(at.checked_sub(1).map(|at| &tokens[at])) => {
                let (name, predicate) = parts(group);
                left_out |= name == "cfg" && !holds(&predicate.into_iter().collect::<Vec<_>>());
            }
            TokenTree::Group(_) if left_out => {}
            TokenTree::Group(group) => match tokens[..at].split_last_chunk() {
                Some((_, [TokenTree::Ident(name), TokenTree::Punct(_)]))
                    if name == "compile_error" =>
                {
                    let message: LitStr = syn::parse2(group.stream()).expect("a message");
                    let place = name.span().start();
                    all.push(Told {
                        line: place.line,
                        column: place.column + 1,
                        message: message.value(),
                    });
                }
                _ => told(group.stream(), all),
            },
            _ => {}
        }
    }
}

fn is_hash(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == '#')
}

/// Whether a predicate of `#[cfg(…)]` holds, on Unix and with every feature.
fn holds(predicate: &[TokenTree]) -> bool {
    match predicate {
        [TokenTree::Ident(name), TokenTree::Group(group)] => {
            let inner: Vec<_> = group.stream().into_iter().collect();
            let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            let mut each = inner.split(comma).filter(|one| !one.is_empty()).map(holds);
            match name.to_string().as_str() {
                "any" => each.any(|holds| holds),
                "all" => each.all(|holds| holds),
                _ => !each.any(|holds| holds),
            }
        }
        [TokenTree::Ident(name)] => name != "windows",
        _ => true,
    }
}

/// Every text in some tokens.
pub(super) fn texts(tokens: TokenStream) -> Vec<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => texts(group.stream()),
            TokenTree::Literal(literal) => syn::parse_str::<LitStr>(&literal.to_string())
                .map_or_else(|_| Vec::new(), |text| vec![text.value()]),
            _ => Vec::new(),
        })
        .collect()
}

/// `hidden(…)` as a fragment that came through a macro of the user's own: in invisible brackets.
pub(super) fn by_a_macro(tokens: TokenStream) -> TokenStream {
    let mut written = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let is_hidden = written.pop_if(|last: &mut TokenTree| last.to_string() == "hidden");
                let delimiter = is_hidden.map_or(group.delimiter(), |_| Delimiter::None);
                let mut inner = Group::new(delimiter, by_a_macro(group.stream()));
                inner.set_span(group.span());
                written.push(TokenTree::Group(inner));
            }
            token => written.push(token),
        }
    }
    written.into_iter().collect()
}
