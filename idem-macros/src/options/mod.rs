//! What stands between the parentheses of `#[idempotent(…)]`.

pub(crate) mod duration;
mod edge;
mod foreign;
mod limit;
mod misnamed;
mod places;
mod table;
mod text;
mod value;

use std::ops::Range;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprPath, LitStr, Path, Token, Type};

use crate::errors::Errors;
pub(crate) use edge::Edge;
pub(crate) use places::{Listed, place, quoted_name};
use table::Kind;
pub(crate) use table::{OptionName, Row, Strategy};
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
    Path(ExprPath),
}

pub(crate) enum Fingerprint {
    Off,
    /// The values that must be equal.
    Places(Vec<Listed>),
}

/// The options that were given. One whose value is wrong is told, and is `None` here.
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
    pub(crate) map_err: Option<ExprPath>,
    pub(crate) codec: Option<Type>,
    pub(crate) on_outage: Option<Word>,
    pub(crate) transition: Option<Edge>,
    pub(crate) entity: Option<Expr>,
    /// The name of the parameter that holds the caller's transaction.
    pub(crate) tx: Option<Ident>,
    pub(crate) krate: Option<Path>,
    /// The options that were written, and where; also those with a wrong value, so that none of them
    /// is told to be missing as well. And which of the errors are about its value.
    written: Vec<(&'static Row, Span, Range<usize>)>,
    /// What misspelt options were meant to be.
    meant: Vec<OptionName>,
    /// A string without a name, where an option is due: perhaps the key.
    nameless: Option<LitStr>,
}

impl Options {
    /// Parses the options and tells all their mistakes.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parse = |input: ParseStream<'_>| {
            if !options.in_brackets(input, errors) {
                while !input.is_empty() {
                    options.parse_one(input, errors);
                }
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(tokens) {
            errors.push(error);
        }
        options.nameless_as_key(errors);
        options.refuse_foreign(errors);
        options
    }

    /// Whether the key was written, or misspelt, be its value right or wrong.
    pub(crate) fn wrote_key(&self) -> bool {
        self.wrote(OptionName::Key) || self.meant.contains(&OptionName::Key)
    }

    /// The same of the strategy.
    pub(crate) fn wrote_strategy(&self) -> bool {
        self.wrote(OptionName::Strategy) || self.meant.contains(&OptionName::Strategy)
    }

    /// The same of the caller's transaction.
    pub(crate) fn wrote_tx(&self) -> bool {
        self.wrote(OptionName::Tx) || self.meant.contains(&OptionName::Tx)
    }

    /// The options that the strategy can't be without, and that were not written.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = &'static Row> {
        let needed = self.strategy.into_iter().flat_map(Row::needed_for);
        needed.filter(|row| !self.wrote(row.option) && !self.meant.contains(&row.option))
    }

    /// Whether a duplicate is refused, and so no result stored.
    pub(crate) fn rejects(&self) -> bool {
        self.on_duplicate.is_some_and(|word| word.text == "reject")
    }

    /// Whether the use of a token is recorded in the database.
    pub(crate) fn keeps_in_db(&self) -> bool {
        self.store.is_some_and(|word| word.text == "db")
    }

    /// Whether the body goes on when its caller has left; never in its caller's transaction.
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

    fn wrote(&self, name: OptionName) -> bool {
        self.written.iter().any(|(row, ..)| row.option == name)
    }

    /// Parses one option and the comma after it.
    fn parse_one(&mut self, input: ParseStream<'_>, errors: &mut Errors) {
        misnamed::attributes(input, errors);
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
            self.tell_nameless(wrong, errors);
            let _ = input.parse::<Token![,]>();
            return;
        };
        if let Some(row) = Row::of(&name.unraw().to_string()) {
            self.parse_value(row, &name, input, errors);
        } else {
            let more = misnamed::rest(input);
            let alone = input.is_empty() || input.peek(Token![,]);
            if alone && self.is_meant_for_key(&name, &more, errors) {
                return separator(input, errors);
            }
            if self.is_given_to_key(&name, input, errors) {
                return separator(input, errors);
            }
            self.tell_unknown(&name, &more, input.peek(syn::token::Paren), errors);
            misnamed::skip_value(input);
        }
        separator(input, errors);
    }

    /// Parses what follows the name of an option.
    fn parse_value(
        &mut self,
        row: &'static Row,
        name: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) {
        let again = self.wrote(row.option);
        let before = errors.len();
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
        self.written.push((row, name.span(), before..errors.len()));
        if again {
            errors.at(name.span(), format!("`{}` is given twice: remove one", row.name));
        } else if let Some(value) = value {
            self.set(row.option, value);
        }
    }

    /// Keeps a value, which [`value::parse`] has made of the option's own kind.
    fn set(&mut self, option: OptionName, value: Value) {
        match (option, value) {
            (OptionName::Key, Value::Text(text)) => self.key = Some(text),
            (OptionName::Strategy, Value::Word(word)) => {
                self.strategy = Strategy::ALL.iter().copied().find(|one| one.name() == word.text);
            }
            (OptionName::Ttl, Value::Time(time)) => self.ttl = Some(time),
            (OptionName::Lease, Value::Time(time)) => self.lease = Some(time),
            (OptionName::MaxRuntime, Value::Time(time)) => self.max_runtime = Some(time),
            (OptionName::Wait, Value::Time(time)) => self.wait = Some(time),
            (OptionName::Fingerprint, Value::Places(all)) => {
                self.fingerprint = Some(Fingerprint::Places(all));
            }
            (OptionName::Fingerprint, _) => self.fingerprint = Some(Fingerprint::Off),
            (OptionName::OnDuplicate, Value::Word(word)) => self.on_duplicate = Some(word),
            (OptionName::OnErr, Value::Word(word)) => self.on_err = Some(OnErr::Word(word)),
            (OptionName::OnErr, Value::Path(path)) => self.on_err = Some(OnErr::Path(path)),
            (OptionName::OnCancel, Value::Word(word)) => self.on_cancel = Some(word),
            (OptionName::Limit, Value::Number(number)) => self.limit = Some(number),
            (OptionName::Token, Value::Place(place)) => self.token = Some(place),
            (OptionName::Store, Value::Word(word)) => self.store = Some(word),
            (OptionName::OnOutage, Value::Word(word)) => self.on_outage = Some(word),
            (OptionName::Transition, Value::Edge(edge)) => self.transition = Some(edge),
            (OptionName::Entity, Value::Expr(expr)) => self.entity = Some(expr),
            (OptionName::Engine, Value::Expr(expr)) => self.engine = Some(expr),
            (OptionName::MapErr, Value::Path(path)) => self.map_err = Some(path),
            (OptionName::Crate, Value::Path(path)) => self.krate = Some(path.path),
            (OptionName::Codec, Value::Type(ty)) => self.codec = Some(ty),
            (OptionName::Tx, Value::Name(name)) => self.tx = Some(name),
            (option, _) => unreachable!("the table gives {option:?} a value of its kind"),
        }
    }
}

/// Whether a wrong sign stands where `=` or `(` is due: `:`, `=>`, `==`, other brackets.
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
