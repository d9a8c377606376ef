//! What stands between the parentheses of `#[idempotent(…)]`.

pub(crate) mod duration;
mod edge;
mod limit;
mod misnamed;
mod places;
mod table;
mod value;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, LitStr, Path, Token, Type};

use crate::errors::Errors;
pub(crate) use edge::Edge;
pub(crate) use places::{Listed, place};
use table::Kind;
pub(crate) use table::{Name, Row, Strategy};
use value::Value;

/// A duration, and where it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    pub(crate) millis: u64,
    pub(crate) span: Span,
}

/// The word of an option, and where it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    pub(crate) text: &'static str,
    pub(crate) span: Span,
}

pub(crate) enum OnErr {
    Word(Word),
    Path(Path),
}

pub(crate) enum Fingerprint {
    Off,
    /// The values that must be equal.
    Places(Vec<Listed>),
}

/// The options that were given. What was wrong is missing, and told.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) key: Option<LitStr>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) ttl: Option<Time>,
    pub(crate) lease: Option<Time>,
    pub(crate) max_runtime: Option<Time>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) wait: Option<Time>,
    pub(crate) on_duplicate: Option<Word>,
    pub(crate) on_err: Option<OnErr>,
    pub(crate) on_cancel: Option<Word>,
    pub(crate) limit: Option<u32>,
    pub(crate) token: Option<Listed>,
    pub(crate) store: Option<Word>,
    pub(crate) engine: Option<Expr>,
    pub(crate) map_err: Option<Path>,
    pub(crate) codec: Option<Type>,
    pub(crate) on_outage: Option<Word>,
    pub(crate) transition: Option<Edge>,
    pub(crate) entity: Option<Expr>,
    /// The name of the parameter that holds the caller's transaction.
    pub(crate) tx: Option<Ident>,
    pub(crate) krate: Option<Path>,
    /// Names of the options that were written, wrong values too, so that a wrong one is not told to
    /// be missing as well.
    written: Vec<(&'static Row, Span)>,
    /// What misspelt options were meant to be.
    meant: Vec<Name>,
    /// A string that stands where an option is due.
    nameless: Option<LitStr>,
}

impl Options {
    /// Parses the options and tells all their mistakes.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parse = |input: ParseStream<'_>| {
            while !input.is_empty() {
                options.one(input, errors);
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(tokens) {
            errors.push(error);
        }
        options.name(errors);
        options.foreign(errors);
        options
    }

    /// Whether an option was written, be its value right or wrong.
    pub(crate) fn wrote_key(&self) -> bool {
        self.wrote(Name::Key) || self.meant.contains(&Name::Key)
    }

    pub(crate) fn wrote_strategy(&self) -> bool {
        self.wrote(Name::Strategy) || self.meant.contains(&Name::Strategy)
    }

    /// What the strategy can't be without and was not written.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = &'static Row> {
        let needed = self.strategy.into_iter().flat_map(Row::needed_for);
        needed.filter(|row| !self.wrote(row.option) && !self.meant.contains(&row.option))
    }

    pub(crate) fn rejects(&self) -> bool {
        self.on_duplicate.is_some_and(|word| word.text == "reject")
    }

    pub(crate) fn keeps_in_db(&self) -> bool {
        self.store.is_some_and(|word| word.text == "db")
    }

    /// Whether the body outlives its caller; never in its caller's transaction.
    pub(crate) fn finishes(&self) -> bool {
        self.tx.is_none() && self.on_cancel.is_some_and(|word| word.text == "finish")
    }

    /// The values of `fingerprint(…)`.
    pub(crate) fn compared(&self) -> &[Listed] {
        match &self.fingerprint {
            Some(Fingerprint::Places(places)) => places,
            _ => &[],
        }
    }

    fn wrote(&self, name: Name) -> bool {
        self.written.iter().any(|(row, _)| row.option == name)
    }

    /// One option and the comma after it.
    fn one(&mut self, input: ParseStream<'_>, errors: &mut Errors) {
        let name = input.call(Ident::parse_any).or_else(|_| misnamed::quoted(input, errors));
        let Ok(name) = name else {
            let wrong = value::until_comma(input);
            if wrong.is_empty() {
                // A comma where an option was due.
                if let Ok(comma) = input.parse::<Token![,]>() {
                    errors.under(comma, "an option is missing before this comma: remove the comma");
                }
                return;
            }
            self.without_name(wrong, errors);
            let _ = input.parse::<Token![,]>();
            return;
        };
        if let Some(row) = Row::of(&name.unraw().to_string()) {
            self.known(row, &name, input, errors);
        } else {
            let more = misnamed::rest(input);
            let alone = input.is_empty() || input.peek(Token![,]);
            if alone && self.is_meant_for_key(&name, &more, errors) {
                return separator(input, errors);
            }
            self.unknown(&name, &more, input.peek(syn::token::Paren), errors);
            misnamed::skip_value(input);
        }
        separator(input, errors);
    }

    fn known(
        &mut self,
        row: &'static Row,
        name: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) {
        let again = self.wrote(row.option);
        self.written.push((row, name.span()));
        let value = if by_another_sign(input) {
            let message = format!("`{}` takes its value by `=`: write `{}`", row.name, row.example);
            errors.under(value::until_comma(input), message);
            None
        } else if input.peek(Token![=]) {
            let equals = input.parse::<Token![=]>().map_or(name.span(), |equals| equals.spans[0]);
            value::parse(row, equals, input, errors)
        } else if let Some(group) = parenthesised(input) {
            if row.kind == Kind::Places {
                places::parse(row, &group, errors)
            } else {
                errors.at(
                    name.span(),
                    format!("`{}` takes its value by `=`: write `{}`", row.name, row.example),
                );
                None
            }
        } else {
            errors.at(name.span(), format!("`{}` has no value: write `{}`", row.name, row.example));
            None
        };
        if again {
            errors.at(name.span(), format!("`{}` is given twice: remove one", row.name));
        } else if let Some(value) = value {
            self.set(row.option, value);
        }
    }

    fn set(&mut self, option: Name, value: Value) {
        match (option, value) {
            (Name::Key, Value::Text(text)) => self.key = Some(text),
            (Name::Strategy, Value::Word(text, _)) => {
                self.strategy = Strategy::ALL.iter().copied().find(|one| one.name() == text);
            }
            (Name::Ttl, Value::Millis(millis, span)) => self.ttl = Some(Time { millis, span }),
            (Name::Lease, Value::Millis(millis, span)) => self.lease = Some(Time { millis, span }),
            (Name::MaxRuntime, Value::Millis(millis, span)) => {
                self.max_runtime = Some(Time { millis, span });
            }
            (Name::Wait, Value::Millis(millis, span)) => self.wait = Some(Time { millis, span }),
            (Name::Fingerprint, Value::Places(all)) => {
                self.fingerprint = Some(Fingerprint::Places(all));
            }
            (Name::Fingerprint, _) => self.fingerprint = Some(Fingerprint::Off),
            (Name::OnDuplicate, Value::Word(text, span)) => {
                self.on_duplicate = Some(Word { text, span });
            }
            (Name::OnErr, Value::Word(text, span)) => {
                self.on_err = Some(OnErr::Word(Word { text, span }));
            }
            (Name::OnErr, Value::Path(path)) => self.on_err = Some(OnErr::Path(path)),
            (Name::OnCancel, Value::Word(text, span)) => self.on_cancel = Some(Word { text, span }),
            (Name::Limit, Value::Number(number)) => self.limit = Some(number),
            (Name::Token, Value::Place(place)) => self.token = Some(place),
            (Name::Store, Value::Word(text, span)) => self.store = Some(Word { text, span }),
            (Name::OnOutage, Value::Word(text, span)) => self.on_outage = Some(Word { text, span }),
            (Name::Transition, Value::Edge(edge)) => self.transition = Some(edge),
            (Name::Entity, Value::Expr(expr)) => self.entity = Some(expr),
            (Name::Engine, Value::Expr(expr)) => self.engine = Some(expr),
            (Name::MapErr, Value::Path(path)) => self.map_err = Some(path),
            (Name::Crate, Value::Path(path)) => self.krate = Some(path),
            (Name::Codec, Value::Type(ty)) => self.codec = Some(ty),
            (Name::Tx, Value::Name(name)) => self.tx = Some(name),
            (option, _) => unreachable!("the table gives {option:?} a value of its kind"),
        }
    }

    /// Tells the options that the strategy does not use.
    fn foreign(&self, errors: &mut Errors) {
        let Some(strategy) = self.strategy else { return };
        for (row, span) in &self.written {
            if let Some(message) = row.foreign_to(strategy) {
                errors.at(*span, message);
            } else if self.wrote(Name::Tx)
                && let Some(message) = row.foreign_in_transaction()
            {
                errors.at(*span, message);
            }
        }
    }
}

/// Whether something else stands where `=` is due: `:`, `=>`, `==` or other brackets.
fn by_another_sign(input: ParseStream<'_>) -> bool {
    let equals = input.peek(Token![=]) && !input.peek(Token![=>]) && !input.peek(Token![==]);
    let end = input.is_empty() || input.peek(Token![,]) || input.peek(syn::token::Paren);
    // Another name: the comma between them was forgotten.
    !equals && !end && input.fork().call(Ident::parse_any).is_err()
}

/// The parentheses that come next, if any do.
fn parenthesised(input: ParseStream<'_>) -> Option<Group> {
    if input.peek(syn::token::Paren) { input.parse().ok() } else { None }
}

/// The comma between two options. One that was forgotten is told and taken as written; what can't
/// start an option is skipped.
fn separator(input: ParseStream<'_>, errors: &mut Errors) {
    if input.is_empty() || input.parse::<Token![,]>().is_ok() {
        return;
    }
    let next = input.fork().parse::<TokenTree>().map_or_else(|_| Span::call_site(), |t| t.span());
    let ahead = input.fork();
    if ahead.call(Ident::parse_any).is_ok() {
        if ahead.peek(Ident::peek_any) {
            // A word in place of the comma: `and`.
            let _ = input.call(Ident::parse_any);
            errors.at(next, "options are separated by commas: write `,`");
        } else {
            errors.at(next, "a comma is missing before this option");
        }
        return;
    }
    if let Ok(semicolon) = input.parse::<Token![;]>() {
        errors.under(semicolon, "options are separated by commas: write `,`");
        return;
    }
    let wrong = value::until_comma(input);
    errors.under(wrong, "this is no part of the value: remove it, or write a comma before it");
    let _ = input.parse::<Token![,]>();
}
