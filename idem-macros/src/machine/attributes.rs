//! What stands in `#[state(…)]`, on the enum and on its variants.

mod entry;

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Meta, Token};

use crate::errors::Errors;
use crate::suggest;
use entry::Entry;

/// A key that an attribute has: its name, where it stands, and how it is written.
struct Known {
    name: &'static str,
    on_enum: bool,
    example: &'static str,
}

const KNOWN: &[Known] = &[
    Known { name: "table", on_enum: true, example: "table = \"orders\"" },
    Known { name: "id", on_enum: true, example: "id = \"id\"" },
    Known { name: "column", on_enum: true, example: "column = \"status\"" },
    Known { name: "pg_type", on_enum: true, example: "pg_type = \"order_status\"" },
    Known { name: "to", on_enum: false, example: "to(Paid, Cancelled)" },
    Known { name: "name", on_enum: false, example: "name = \"paid\"" },
];

/// What the enum's attribute says. A key with a wrong value is told, and is `None` here.
#[derive(Default)]
pub(super) struct OnEnum {
    pub(super) table: Option<String>,
    pub(super) id: Option<String>,
    pub(super) column: Option<String>,
    pub(super) pg_type: Option<String>,
    /// The keys that were written or meant, be their values right or wrong.
    written: Vec<&'static str>,
}

/// What a variant's attribute says.
#[derive(Default)]
pub(super) struct OnVariant {
    pub(super) to: Vec<Ident>,
    pub(super) name: Option<LitStr>,
}

impl OnEnum {
    pub(super) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for (known, entry) in entries(attrs, true, &mut this.written, errors) {
            let Some(text) = entry.text(known, errors) else { continue };
            let (schema, slot) = match known.name {
                "table" => (true, &mut this.table),
                "id" => (false, &mut this.id),
                "column" => (false, &mut this.column),
                _ => (true, &mut this.pg_type),
            };
            if plain(known, &text, schema, errors) {
                *slot = Some(text.value());
            }
            let column = matches!(known.name, "id" | "column");
            if column && this.id.is_some() && this.id == this.column {
                errors.at(
                    text.span(),
                    format!(
                        "`{}` looks a row up and holds its state: name two columns",
                        text.value()
                    ),
                );
            }
        }
        this
    }

    /// Tells the names that a machine can't be without.
    pub(super) fn missing(&self, machine: &Ident, errors: &mut Errors) {
        let needed = KNOWN.iter().filter(|known| known.on_enum && known.name != "pg_type");
        let missing = || needed.clone().filter(|known| !self.written.contains(&known.name));
        if missing().next().is_some() {
            let names = suggest::list(missing().map(|known| known.name), "and");
            let write: Vec<_> = missing().map(|known| known.example).collect();
            errors.at(
                machine.span(),
                format!(
                    "`{machine}` has no {names}: write `#[state({})]` on it, with the names of the \
                     table that holds the states",
                    write.join(", ")
                ),
            );
        }
    }
}

impl OnVariant {
    pub(super) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for (known, entry) in entries(attrs, false, &mut Vec::new(), errors) {
            if known.name == "to" {
                this.to = entry.states(known, errors);
            } else if let Some(text) = entry.text(known, errors) {
                if text.value().trim().is_empty() {
                    errors.at(text.span(), "a state is stored by its name, and this one is empty");
                } else {
                    this.name = Some(text);
                }
            }
        }
        this
    }
}

/// Everything in the `#[state(…)]`s that is known and stands where it belongs, each once. `written`
/// are the names of these, and of what misspelt ones were meant to be.
fn entries(
    attrs: &[Attribute],
    on_enum: bool,
    written: &mut Vec<&'static str>,
    errors: &mut Errors,
) -> Vec<(&'static Known, Entry)> {
    let mut all: Vec<(&'static Known, Entry)> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("state")) {
        for entry in parsed(attr, on_enum, written, errors) {
            let Some(known) = known(&entry.name, on_enum, written, errors) else { continue };
            if all.iter().any(|(other, _)| other.name == known.name) {
                let remedy = match known.name {
                    "to" => format!("list all states in one, as in `{}`", known.example),
                    _ => "remove one".to_owned(),
                };
                errors.at(entry.name.span(), format!("`{}` is given twice: {remedy}", known.name));
            } else {
                written.push(known.name);
                all.push((known, entry));
            }
        }
    }
    all
}

/// The entries of one `#[state(…)]`. If it can't be read, that is told, and every key counts as
/// `written`.
fn parsed(
    attr: &Attribute,
    on_enum: bool,
    written: &mut Vec<&'static str>,
    errors: &mut Errors,
) -> Vec<Entry> {
    let example = if on_enum {
        "#[state(table = \"orders\", id = \"id\", column = \"status\")]"
    } else {
        "#[state(to(Paid, Cancelled))]"
    };
    let tokens = match &attr.meta {
        Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let list =
        |input: ParseStream<'_>| input.call(Punctuated::<Entry, Token![,]>::parse_terminated);
    match list.parse2(tokens) {
        Ok(list) if list.is_empty() => {
            errors.under(attr, format!("`#[state]` says nothing: write `{example}`"));
            Vec::new()
        }
        Ok(list) => list.into_iter().collect(),
        Err(error) => {
            // What it says is not known, so nothing is told to be missing.
            written.extend(KNOWN.iter().map(|known| known.name));
            errors.at(error.span(), format!("`#[state]` can't be read here: write `{example}`"));
            Vec::new()
        }
    }
}

/// What is known of a name. An unknown one is told, as is one that belongs elsewhere.
fn known(
    name: &Ident,
    on_enum: bool,
    written: &mut Vec<&'static str>,
    errors: &mut Errors,
) -> Option<&'static Known> {
    let text = name.unraw().to_string();
    let place = |on_enum| if on_enum { "the enum" } else { "a variant" };
    if let Some(known) = KNOWN.iter().find(|known| known.name == text) {
        if known.on_enum == on_enum {
            return Some(known);
        }
        errors.at(name.span(), format!("`{text}` belongs on {}", place(known.on_enum)));
        return None;
    }
    let names = KNOWN.iter().filter(|known| known.on_enum == on_enum).map(|known| known.name);
    let meant = suggest::nearest(&text, names.clone());
    written.extend(meant);
    let remedy = match (meant, text.as_str()) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, "transitions" | "transition" | "edges" | "from") => {
            "each state says where it leads: write `#[state(to(Paid, Cancelled))]` on it".to_owned()
        }
        (None, "rename_all") => {
            "each state says how it is stored: write `#[state(name = \"…\")]` on it".to_owned()
        }
        (None, "initial" | "start") => {
            "the first state is the start: remove it, and put that state first".to_owned()
        }
        (None, "terminal" | "final" | "end") => {
            "a state without `to` leads nowhere: remove it".to_owned()
        }
        _ => format!("on {} there is {}", place(on_enum), suggest::list(names, "and")),
    };
    errors.at(name.span(), format!("`#[state]` has no `{text}`: {remedy}"));
    None
}

/// The longest name that every database takes.
const LONGEST: usize = 63;

/// Tells a name that would have to be escaped in a statement; whether it would not. `schema`: a schema
/// may stand before it.
fn plain(known: &Known, text: &LitStr, schema: bool, errors: &mut Errors) -> bool {
    let value = text.value();
    let (before, own) = match value.split_once('.') {
        Some((before, own)) if schema => (Some(before), own),
        _ => (None, &*value),
    };
    if is_plain(own) && before.is_none_or(is_plain) {
        return true;
    }
    let span: Span = text.span();
    let before = if schema { ", with a schema before it if need be: `shop.orders`" } else { "" };
    errors.at(
        span,
        format!(
            "`{}` is a name of letters, digits and `_`, beginning with no digit, at most {LONGEST} \
             characters long{before}",
            known.name,
        ),
    );
    false
}

fn is_plain(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
