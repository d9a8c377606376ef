//! `#[derive(StateMachine)]`: the enum and its attributes are parsed and checked, then the machine is
//! written as a constant.

mod attributes;
mod diagram;
mod graph;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DeriveInput, Fields};

use crate::case::snake_case;
use crate::derive::derived;
use crate::errors::Errors;
use crate::runtime::Runtime;
use crate::suggest;
use attributes::{OnEnum, OnVariant};
use graph::Graph;

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    derived(item, implement)
}

/// A machine that keeps the rules, or whose mistakes are told.
struct Machine<'a> {
    input: &'a DeriveInput,
    names: OnEnum,
    states: Vec<State<'a>>,
    graph: Graph,
}

struct State<'a> {
    variant: &'a Ident,
    /// As it is written in messages.
    name: String,
    stored: String,
    /// Where its stored name was given.
    at: Span,
}

fn implement(input: &DeriveInput, errors: &mut Errors) -> Option<TokenStream> {
    let name = &input.ident;
    let Data::Enum(data) = &input.data else {
        errors.at(
            name.span(),
            format!("a state machine is an enum: write `enum {name} {{ … }}` with its states"),
        );
        return None;
    };
    if data.variants.is_empty() {
        errors.at(name.span(), format!("`{name}` has no states: the first variant is the start"));
        return None;
    }
    if !input.generics.params.is_empty() {
        errors.under(
            &input.generics,
            "a state machine stands for one table: an enum without generics",
        );
    }
    let before = errors.len();
    let names = OnEnum::parse(&input.attrs, errors);
    let enum_wrong = errors.len() > before;
    names.missing(name, errors);
    let (states, graph) = states(data, enum_wrong, errors);
    same_names(&states, errors);
    Some(Machine { input, names, states, graph }.write(&Runtime::find(None)))
}

/// The states and the edges that are right; what is wrong with the others is told. `enum_wrong`: what
/// stands on the enum is wrong, and may have been meant for edges.
fn states<'a>(
    data: &'a DataEnum,
    enum_wrong: bool,
    errors: &mut Errors,
) -> (Vec<State<'a>>, Graph) {
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let mut states = Vec::new();
    let (mut graph, mut edges_wrong) = (Graph(Vec::new()), false);
    for (from, variant) in data.variants.iter().enumerate() {
        if !matches!(variant.fields, Fields::Unit) {
            errors.under(
                &variant.fields,
                "a state is a value of one column, so it has no fields: keep them in columns of \
                 their own",
            );
        }
        let before = errors.len();
        let said = OnVariant::parse(&variant.attrs, errors);
        let mut ways = Vec::new();
        for to in &said.to {
            match edge(&variants, from, to, &ways) {
                Ok(to) => ways.push(to),
                Err(message) => errors.at(to.span(), message),
            }
        }
        edges_wrong |= errors.len() > before;
        graph.0.push(ways);
        let name = variant.ident.unraw().to_string();
        let stored = said.name.as_ref().map_or_else(|| snake_case(&name), syn::LitStr::value);
        let at = said.name.as_ref().map_or_else(|| variant.ident.span(), syn::LitStr::span);
        states.push(State { variant: &variant.ident, name, stored, at });
    }
    // An edge that was wrong may have been meant for a state that nothing else leads to.
    let all_elsewhere = enum_wrong && graph.0.iter().all(Vec::is_empty);
    if !edges_wrong && !all_elsewhere {
        let start = &states[0].name;
        for state in graph.unreachable() {
            let State { variant, name, .. } = &states[state];
            errors.at(
                variant.span(),
                format!(
                    "`{name}` can't be reached from `{start}`, where the machine starts: name it in \
                     the `to(…)` of a state that leads to it, or put the start first"
                ),
            );
        }
    }
    (states, graph)
}

/// The state that an edge leads to, or what is wrong with it.
fn edge(variants: &[&Ident], from: usize, to: &Ident, ways: &[usize]) -> Result<usize, String> {
    let texts: Vec<_> = variants.iter().map(|variant| variant.unraw().to_string()).collect();
    let texts = || texts.iter().map(String::as_str);
    let name = to.unraw().to_string();
    match texts().position(|text| text == name) {
        None => Err(suggest::nearest(&name, texts()).map_or_else(
            || {
                format!(
                    "there is no state `{name}`: the states are {}",
                    suggest::list(texts(), "and")
                )
            },
            |meant| format!("there is no state `{name}`: did you mean `{meant}`?"),
        )),
        Some(to) if to == from => Err(format!(
            "`{name}` leads to itself, and a transition that changes nothing can't be told from one \
             that happened before: remove it"
        )),
        Some(to) if ways.contains(&to) => Err(format!("`{name}` is listed twice: remove one")),
        Some(to) => Ok(to),
    }
}

/// Tells states that one value of the column would stand for. Case and trailing blanks count in
/// some databases only.
fn same_names(states: &[State<'_>], errors: &mut Errors) {
    let column = |state: &State<'_>| state.stored.trim_end().to_lowercase();
    for (at, state) in states.iter().enumerate() {
        let Some(other) = states[..at].iter().find(|other| column(other) == column(state)) else {
            continue;
        };
        let (name, before) = (&state.name, &other.name);
        let message = if other.stored == state.stored {
            format!("`{before}` and `{name}` would both be stored as `{}`", state.stored)
        } else {
            format!(
                "`{before}` is stored as `{}` and `{name}` as `{}`, which are one in a database \
                 that overlooks case",
                other.stored, state.stored
            )
        };
        errors.at(state.at, format!("{message}: give one another by `#[state(name = \"…\")]`"));
    }
}

impl Machine<'_> {
    fn write(&self, runtime: &Runtime) -> TokenStream {
        let runtime = runtime.at(Span::mixed_site());
        let DeriveInput { ident, vis, .. } = self.input;
        let variants: Vec<_> = self.states.iter().map(|state| state.variant).collect();
        let stored: Vec<_> = self.states.iter().map(|state| &state.stored).collect();
        let states = (0..self.states.len()).map(|state| self.state(state, &runtime));
        let names = [&self.names.table, &self.names.id, &self.names.column]
            .map(|name| name.as_deref().unwrap_or_default());
        let [table, id, column] = names;
        let pg_type = option(self.names.pg_type.as_ref());
        let machine = ident.unraw().to_string();
        let texts: Vec<_> = self.states.iter().map(|state| state.name.clone()).collect();
        let diagram = diagram::write(&texts, &self.graph);
        let documentation = format!(" The transitions of `{machine}` as a Mermaid state diagram.");
        quote! {
            #[automatically_derived]
            impl #runtime::StateMachine for #ident {
                const MACHINE: &'static #runtime::machine::Machine =
                    &#runtime::machine::Machine::new(
                        #machine, #table, #id, #column, #pg_type, &[#(#states),*],
                    );

                fn name(&self) -> &'static ::core::primitive::str {
                    match self { #(Self::#variants => #stored,)* }
                }

                fn from_name(name: &::core::primitive::str) -> ::core::option::Option<Self> {
                    match name {
                        #(#stored => ::core::option::Option::Some(Self::#variants),)*
                        _ => ::core::option::Option::None,
                    }
                }
            }

            #[automatically_derived]
            #[allow(dead_code)]
            impl #ident {
                #[doc = #documentation]
                #[must_use]
                #vis const fn diagram() -> &'static ::core::primitive::str {
                    #diagram
                }
            }
        }
    }

    fn state(&self, at: usize, runtime: &TokenStream) -> TokenStream {
        let State { variant, stored, .. } = &self.states[at];
        let ways = self.graph.0[at].iter().map(|&to| {
            let round = self.graph.back(at, to).map(|back| self.round(at, &back));
            let round = option(round.as_ref());
            quote!(#runtime::machine::Way::new(#to, #round))
        });
        let undeclared = self.undeclared(at);
        let discriminant = quote!(Self::#variant as ::core::primitive::i128);
        quote! {
            #runtime::machine::State::new(#stored, #discriminant, &[#(#ways),*], #undeclared)
        }
        .into_token_stream()
    }

    /// What is told of a transition from this state that was not declared.
    fn undeclared(&self, from: usize) -> String {
        let (machine, name) = (self.input.ident.unraw(), &self.states[from].name);
        let to = self.graph.0[from].iter().map(|to| self.states[*to].name.as_str());
        match suggest::list(to, "or") {
            legal if legal.is_empty() => {
                format!("`{machine}` declares no such transition: `{name}` leads nowhere")
            }
            legal => format!("`{machine}` declares no such transition: `{name}` leads to {legal}"),
        }
    }

    /// What is told of a key that would be the same in each round of a cycle.
    fn round(&self, from: usize, back: &[usize]) -> String {
        let round = [&[from], back].concat();
        let names: Vec<_> = round.iter().map(|state| &*self.states[*state].name).collect();
        format!(
            "the entity is all of this key, and it can go round (`{}`): its second round would be \
             answered with the result of the first. Put a part beside it that tells the rounds \
             apart, such as `{{callback}}`",
            names.join(" → ")
        )
    }
}

/// An option of a text, as an expression.
fn option(text: Option<&String>) -> TokenStream {
    text.map_or_else(
        || quote!(::core::option::Option::None),
        |text| quote!(::core::option::Option::Some(#text)),
    )
}
