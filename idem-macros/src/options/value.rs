//! The value of one option.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{Expr, ExprPath, Lit, LitStr, Path, Token, Type};

use super::duration;
use super::edge::{self, Edge};
use super::limit;
use super::places::{self, Listed};
use super::table::{Kind, OptionName, Row};
use super::text;
use super::{Time, Word};
use crate::errors::Errors;
use crate::suggest;

/// What is written for "all arguments", which have to be named here.
const ALL: &[&str] = &["all", "args", "auto", "full", "on", "strict"];

/// A value of the kind that the option's row asks for.
pub(crate) enum Value {
    Text(LitStr),
    Word(Word),
    Time(Time),
    Number(u32),
    Path(ExprPath),
    Type(Type),
    Expr(Expr),
    Place(Listed),
    Name(Ident),
    Places(Vec<Listed>),
    Edge(Edge),
}

/// Parses the value after `=`. `None`: it was wrong, and that is told.
pub(crate) fn parse(
    row: &Row,
    equals: Span,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> Option<Value> {
    if input.is_empty() || input.peek(Token![,]) {
        errors.at(equals, format!("`{}` has no value: write `{}`", row.name, row.example));
        return None;
    }
    if row.kind == Kind::Edge {
        return edge::parse(row, until_comma(input), errors).map(Value::Edge);
    }
    if row.kind == Kind::Text && input.peek(syn::Ident) && input.peek2(LitStr) {
        let (sign, text): (Ident, LitStr) = (input.parse().ok()?, input.parse().ok()?);
        errors.at(
            sign.span(),
            format!("`{}` needs no sign before it: remove the `{sign}`", row.name),
        );
        return Some(Value::Text(text));
    }
    let fork = input.fork();
    let value = if row.kind == Kind::Type && !fork.peek(LitStr) {
        match fork.parse::<Type>() {
            Ok(found) if fork.is_empty() || fork.peek(Token![,]) || fork.peek(syn::Ident) => {
                input.advance_to(&fork);
                Ok(Value::Type(found))
            }
            _ => Err(until_comma(input)),
        }
    } else {
        match fork.parse::<Expr>() {
            Ok(found) => {
                input.advance_to(&fork);
                of_kind(row, found, errors)?
            }
            // A half-typed expression: everything up to the next option is the mistake.
            Err(_) => Err(until_comma(input)),
        }
    };
    match value {
        Ok(value) => Some(value),
        Err(found) => {
            let message = of_another_kind(row, &found.to_string());
            errors.under(found, message);
            None
        }
    }
}

/// The value of the kind that the row asks for. `Err` holds the tokens of a value of another kind,
/// for the caller to tell; `None` is a mistake that was told here.
fn of_kind(row: &Row, found: Expr, errors: &mut Errors) -> Option<Result<Value, TokenStream>> {
    let other = |found: Expr| Some(Err(found.into_token_stream()));
    // An expression keeps its brackets, which hold it together.
    let found = if row.kind == Kind::Expr { found } else { bare(found) };
    if row.kind == Kind::Limit {
        return match limit::parse(&found) {
            Ok(number) => Some(Ok(Value::Number(number))),
            Err(why) => {
                errors.under(found, why);
                None
            }
        };
    }
    let text = text_of(&found);
    if text.as_ref().is_some_and(|text| !errors.plain(text)) {
        return None;
    }
    if let Some(message) = of_another_form(row, &found) {
        errors.under(found, message);
        return None;
    }
    match (row.kind, text) {
        (Kind::Text, Some(text)) => Some(Ok(Value::Text(text))),
        (Kind::Duration, Some(text)) => match duration::parse(&text.value()) {
            Ok(millis) => Some(Ok(Value::Time(Time { millis, span: text.span() }))),
            Err(why) => {
                errors.at(text.span(), why);
                None
            }
        },
        (Kind::Word(words) | Kind::WordOrPath(words), Some(text)) => {
            let value = text.value();
            if let Some(word) = words.iter().find(|word| **word == value) {
                return Some(Ok(Value::Word(Word { text: word, span: text.span() })));
            }
            errors.at(text.span(), unknown_word(row, words, &value));
            None
        }
        (Kind::Places, Some(text)) => {
            if text.value() == "off" {
                return Some(Ok(Value::Word(Word { text: "off", span: text.span() })));
            }
            let name = text.value();
            let is_name = syn::parse_str::<Expr>(&name).is_ok() && !ALL.contains(&name.as_str());
            let name = if is_name { name } else { "amount".to_owned() };
            errors.at(
                text.span(),
                format!("`fingerprint` lists values in parentheses: write `fingerprint({name})`"),
            );
            None
        }
        (Kind::Place, _) => places::one(row, &found, errors).map(|place| Ok(Value::Place(place))),
        (Kind::Expr, None) => Some(Ok(Value::Expr(found))),
        // What it should be is known once the function is.
        (Kind::Expr, Some(_)) if row.option == OptionName::Entity => Some(Ok(Value::Expr(found))),
        (Kind::Parameter, None) => match &found {
            Expr::Path(path) if let Some(name) = path.path.get_ident() => {
                Some(Ok(Value::Name(name.clone())))
            }
            _ => other(found),
        },
        (Kind::Parameter, Some(text)) if syn::parse_str::<Ident>(&text.value()).is_ok() => {
            let (name, parameter) = (row.name, text.value());
            errors.at(text.span(), format!("a name is not quoted: write `{name} = {parameter}`"));
            None
        }
        (Kind::Function | Kind::Module | Kind::Type, Some(text))
            if syn::parse_str::<Path>(&text.value()).is_ok()
                && (row.kind != Kind::Type || text.value().contains(char::is_uppercase)) =>
        {
            let (name, path) = (row.name, text.value());
            errors.at(text.span(), format!("a path is not quoted: write `{name} = {path}`"));
            None
        }
        (
            Kind::Function | Kind::Module | Kind::Word(_) | Kind::WordOrPath(_) | Kind::Places,
            None,
        ) => match found {
            // A function may be a trait's: `<PayError as Judge>::judge`.
            Expr::Path(path) if path.qself.is_none() || takes_functions(row.kind) => {
                let words = row.kind.words();
                if let Some(word) = word_of(&path.path)
                    && words.contains(&word.as_str())
                {
                    let name = row.name;
                    errors.under(path, format!("a word is quoted: write `{name} = \"{word}\"`"));
                    return None;
                }
                if matches!(row.kind, Kind::Word(_) | Kind::Places)
                    || row.kind == Kind::Module && names_a_type(&path.path)
                {
                    return other(Expr::Path(path));
                }
                Some(Ok(Value::Path(path)))
            }
            found => other(found),
        },
        _ => other(found),
    }
}

/// An expression without the invisible brackets in which it came through `macro_rules!`.
fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => bare(*group.expr),
        expr => expr,
    }
}

/// The string literal that an expression is.
fn text_of(found: &Expr) -> Option<LitStr> {
    match found {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The word that a path may stand for: its one name, or that of a value of `OnErr`.
fn word_of(path: &Path) -> Option<String> {
    if let Some(name) = path.get_ident() {
        return Some(name.to_string());
    }
    let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
    let value = names.next()?;
    (names.next()? == "OnErr").then(|| value.to_string().to_lowercase())
}

/// Whether an option takes the path of a function.
fn takes_functions(kind: Kind) -> bool {
    matches!(kind, Kind::Function | Kind::WordOrPath(_))
}

/// Whether a path has the name of a type in it, and so leads to no crate.
fn names_a_type(path: &Path) -> bool {
    let mut names = path.segments.iter().map(|segment| segment.ident.unraw().to_string());
    names.any(|name| name.starts_with(char::is_uppercase))
}

/// Whether a value is written for nothing: `false`, `None`.
fn is_nothing(found: &Expr) -> bool {
    match found {
        Expr::Lit(lit) => matches!(&lit.lit, Lit::Bool(bool) if !bool.value),
        Expr::Path(path) => path.path.is_ident("None"),
        _ => false,
    }
}

/// What to write for a value that is the right one in another form.
fn of_another_form(row: &Row, found: &Expr) -> Option<String> {
    let name = row.name;
    match row.kind {
        Kind::Text => text::meant(found)
            .map(|text| format!("`{name}` takes {}: write `{name} = {text}`", row.kind)),
        Kind::Places if is_nothing(found) => {
            Some(format!("to compare nothing, write `{name} = \"off\"`"))
        }
        Kind::Expr if row.option != OptionName::Entity => places::quoted_name(found)
            .map(|place| format!("a name is not quoted: write `{name} = {place}`")),
        Kind::Places => places::listed(found)
            .map(|list| format!("`{name}` lists values in parentheses: write `{name}({list})`")),
        _ => None,
    }
}

/// The mistake of a value that is of another kind than the option takes.
fn of_another_kind(row: &Row, found: &str) -> String {
    let name = row.name;
    match row.kind {
        Kind::Duration
            if let Some(meant) =
                duration::guess(found).or_else(|| duration::constructed(found)) =>
        {
            format!("a duration is quoted: write `{name} = \"{meant}\"`")
        }
        Kind::Type if found.to_lowercase() == "\"json\"" => {
            format!("results are stored as JSON by themselves: remove `{name}`")
        }
        Kind::Expr if found.contains("://") => format!(
            "`{name}` names an engine, which is told its stores once, as in \
             `Idem::builder().redis(url)`: write where one is kept, such as `{}`",
            row.example
        ),
        kind => format!("`{name}` takes {kind}: write `{}`", row.example),
    }
}

fn unknown_word(row: &Row, words: &[&'static str], value: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let mut message =
        format!("`{}` is {}", row.name, suggest::list(quoted.iter().map(String::as_str), "or"));
    if words.len() == 1 {
        message.push_str(" and nothing else");
        return message;
    }
    if matches!(row.kind, Kind::WordOrPath(_)) {
        message.push_str(", or the path of a function, without quotes");
    }
    if row.name == "on_duplicate" && value == "wait" {
        return format!("{message}; to wait for a call in flight, write `wait = \"5s\"`");
    }
    if let Some(meant) = suggest::nearest(value, words.iter().copied()) {
        return format!("{message}: did you mean `\"{meant}\"`?");
    }
    message
}

/// Takes the tokens up to the next comma.
pub(crate) fn until_comma(input: ParseStream<'_>) -> TokenStream {
    let mut found = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<TokenTree>() {
            Ok(token) => found.extend([token]),
            Err(_) => break,
        }
    }
    found
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "a string literal",
            Self::Word(_) => "a word in quotes",
            Self::WordOrPath(_) => "a word in quotes, or the path of a function",
            Self::Duration => "a duration in quotes",
            Self::Limit => "a whole number",
            Self::Function => "the path of a function",
            Self::Module => "the path of a crate",
            Self::Type => "a type",
            Self::Expr => "an expression",
            Self::Place => "the name of a parameter, or a path to its field",
            Self::Parameter => "the name of a parameter",
            Self::Places => "a list in parentheses",
            Self::Edge => "two states",
        })
    }
}
