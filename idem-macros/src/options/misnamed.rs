//! What stands where an option is due and is none: a string without a name, an unknown name.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative as _;
use syn::{Attribute, Expr, Lit, LitStr, Token};

use super::table::{OptionName, Row, Strategy, TABLE};
use super::{Options, parenthesised, place, value};
use crate::errors::Errors;
use crate::suggest;

/// What is said to the engine, once, and to no call.
const OF_ENGINE: &[&str] = &[
    "memory",
    "redis",
    "postgres",
    "mysql",
    "sqlite",
    "database",
    "table",
    "prefix",
    "max_result",
    "holder",
    "sweep_every",
    "token_secret",
    "token_keys",
    "token_leeway",
];

/// What is said elsewhere, and not to a call, by the names that others have for it.
#[rustfmt::skip]
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["pool", "db_pool"], "the engine is told, once: write `Idem::builder().postgres(pool)`"),
    (&["url", "redis_url", "client"], "the engine is told, once: write `Idem::builder().redis(url)`"),
    (&["database_url"], "the engine is told, once: write `Idem::builder().database(url)`"),
    (&["namespace", "key_prefix"], "the engine is told, once: write `Idem::builder().prefix(\"shop\")`"),
    (&["secret"], "the engine is told, once: write `Idem::builder().token_secret(secret)`"),
    (&["enabled", "disabled", "skip"], "the engine is told, once: write `Idem::builder().disabled()`"),
    (&["name", "operation", "scope", "tenant", "group"], "the key says it, such as `key = \"charge:{user.id}\"`"),
    (&["retry", "retries", "max_retries", "tries", "max_tries", "backoff"], "nothing is called again by itself: who calls again gets the result, or runs the body if there is none; `count` has a `limit`"),
];

const RULE: &str = "an option is a name and a value, such as `ttl = \"24h\"`";

impl Options {
    /// Tells brackets around all options: `({ key: "…" })`. Nothing is told to be missing, then.
    pub(super) fn in_brackets(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> bool {
        let fork = input.fork();
        let Ok(group) = fork.parse::<Group>() else { return false };
        if !fork.is_empty() || group.stream().is_empty() {
            return false;
        }
        input.advance_to(&fork);
        let message = format!("options need no brackets of their own: remove these; {RULE}");
        errors.at(group.span(), message);
        self.meant.extend([OptionName::Key, OptionName::Strategy]);
        true
    }

    /// Tells a value without a name. A string may be the key: that is known once all options are read.
    pub(super) fn tell_nameless(&mut self, wrong: TokenStream, errors: &mut Errors) {
        match syn::parse2::<LitStr>(wrong.clone()) {
            Ok(text) if Strategy::ALL.iter().any(|one| one.name() == text.value()) => {
                self.meant.push(OptionName::Strategy);
                let text = text.token();
                errors.under(wrong, format!("an option has a name: write `strategy = {text}`"));
            }
            Ok(text) if self.nameless.is_none() => self.nameless = Some(text),
            _ => errors.under(wrong, RULE),
        }
    }

    /// Tells a string without a name, and takes it for the key where there is no other.
    pub(super) fn nameless_as_key(&mut self, errors: &mut Errors) {
        let Some(text) = self.nameless.take() else { return };
        let Some(row) = Row::of("key").filter(|_| !self.wrote_key()) else {
            errors.under(text, RULE);
            return;
        };
        errors.at(text.span(), format!("an option has a name: write `key = {}`", text.token()));
        self.written.push((row, text.span(), 0..0));
        self.key = Some(text);
    }

    /// Whether a name is a value for a `{}` of the key, as `format!` takes it: told, and taken as
    /// written there.
    pub(super) fn is_meant_for_key(
        &mut self,
        name: &Ident,
        more: &TokenStream,
        errors: &mut Errors,
    ) -> bool {
        let hole = |key: &&mut LitStr| key.value().replace("{{", "").contains("{}");
        let Some(key) = self.key.as_mut().or(self.nameless.as_mut()).filter(hole) else {
            return false;
        };
        let part = format!("{{{name}{more}}}").replace(' ', "");
        errors.under(
            quote!(#name #more),
            format!("a key names its values itself: write `{part}` in it in place of `{{}}`"),
        );
        *key = LitStr::new(&key.value().replacen("{}", &part, 1), key.span());
        true
    }

    /// Whether a name and its value are for a placeholder of the key, as `format!` takes them: told, and
    /// taken as written there.
    pub(super) fn is_given_to_key(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> bool {
        let hole = format!("{{{name}}}");
        let Some(key) = self.key.as_mut().filter(|key| key.value().contains(&hole)) else {
            return false;
        };
        let fork = input.fork();
        let value = fork.parse::<Token![=]>().and_then(|_| fork.parse::<Expr>()).ok();
        let Some((place, _)) = value.and_then(|value| place(&value)) else { return false };
        input.advance_to(&fork);
        let part = format!("{{{place}}}");
        errors.at(
            name.span(),
            format!("a key names its values itself: write `{part}` in it in place of `{hole}`"),
        );
        *key = LitStr::new(&key.value().replace(&hole, &part), key.span());
        true
    }

    /// Tells an option that does not exist. The one that was meant is not told to be missing as well.
    pub(super) fn tell_unknown(
        &mut self,
        name: &Ident,
        more: &TokenStream,
        followed_by_options: bool,
        errors: &mut Errors,
    ) {
        if let Some(strategy) = Strategy::ALL.iter().find(|one| name == one.name()) {
            let strategy = strategy.name();
            errors.at(
                name.span(),
                format!("`{strategy}` is a strategy: write `strategy = \"{strategy}\"`"),
            );
            self.meant.push(OptionName::Strategy);
            if followed_by_options {
                self.meant.push(OptionName::Key);
            }
            return;
        }
        let written = format!("{name}{more}").replace(' ', "");
        let names = TABLE.iter().map(|row| row.name);
        let meant = suggest::nearest(&written, names.clone())
            .or_else(|| names.clone().find(|option| written.ends_with(&format!("::{option}"))))
            .or_else(|| is_of_key(&written).then_some("key"));
        let remedy = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if OF_ENGINE.contains(&written.as_str()) => {
                format!("it is one of the engine's: write `Idem::builder().{written}(…)`")
            }
            None if let Some((_, remedy)) =
                ELSEWHERE.iter().find(|(names, _)| names.contains(&written.as_str())) =>
            {
                (*remedy).to_owned()
            }
            None => format!("the options are {}", suggest::list(names, "and")),
        };
        errors.under(quote!(#name #more), format!("there is no option `{written}`: {remedy}"));
        if let Some(row) = meant.and_then(Row::of)
            && !self.wrote(row.option)
        {
            self.meant.push(row.option);
        }
    }
}

/// Whether a name is one that others have for how the key is made: `key_fn`, `key_fields`.
fn is_of_key(written: &str) -> bool {
    written.starts_with("key_") && !ELSEWHERE.iter().any(|(names, _)| names.contains(&written))
}

/// Attributes and doc comments before an option: told, and taken away.
pub(super) fn attributes(input: ParseStream<'_>, errors: &mut Errors) {
    let fork = input.fork();
    let Ok(found) = fork.call(Attribute::parse_outer) else { return };
    input.advance_to(&fork);
    let is_doc = |attribute: &Attribute| attribute.path().is_ident("doc");
    for (at, attribute) in found.iter().enumerate() {
        if at > 0 && is_doc(attribute) && is_doc(&found[at - 1]) {
            continue; // Another line of it.
        }
        let message = if is_doc(attribute) {
            "an option has no documentation: write a comment by `//`"
        } else {
            "an option has no attributes: write one `#[cfg_attr(…, idempotent(…))]` for each \
             configuration"
        };
        errors.under(attribute, message);
    }
}

/// The name of an option in quotes, before its `=`: told, and taken as written.
pub(super) fn quoted(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Ident> {
    let fork = input.fork();
    let text: LitStr = fork.parse()?;
    let name = text.value();
    if Row::of(&name).is_none() || !fork.peek(Token![=]) {
        return Err(fork.error("no option's name"));
    }
    input.advance_to(&fork);
    errors.at(text.span(), format!("an option's name is not quoted: write `{name} = …`"));
    Ok(Ident::new(&name, text.span()))
}

/// What follows an option's name where `=` is due, and joins it to another word: `max-runtime`,
/// `idem::ttl`.
pub(super) fn rest(input: ParseStream<'_>) -> TokenStream {
    let mut rest = TokenStream::new();
    while input.peek(Token![-]) || input.peek(Token![::]) || input.peek(Token![.]) {
        let fork = input.fork();
        let sign = if fork.peek(Token![::]) {
            fork.parse::<Token![::]>().map(ToTokens::into_token_stream)
        } else {
            fork.parse::<TokenTree>().map(Into::into)
        };
        // A value may have been meant: `pair.0`, `order.id()`.
        let word = match fork.parse::<Lit>() {
            Ok(index) => Ok(index.into_token_stream()),
            Err(_) => fork.call(Ident::parse_any).map(ToTokens::into_token_stream),
        };
        let (Ok(sign), Ok(word)) = (sign, word) else { break };
        let ahead = fork.fork();
        let call = ahead.parse::<Group>().ok().filter(|call| {
            sign.to_string() == "."
                && call.delimiter() == Delimiter::Parenthesis
                && call.stream().is_empty()
        });
        if call.is_some() {
            fork.advance_to(&ahead);
        }
        input.advance_to(&fork);
        rest.extend(quote!(#sign #word #call));
    }
    rest
}

/// Skips the value of an option that does not exist.
pub(super) fn skip_value(input: ParseStream<'_>) {
    if parenthesised(input).is_some() || !input.peek(Token![=]) {
        return;
    }
    let _ = input.parse::<Token![=]>();
    let fork = input.fork();
    if fork.parse::<Expr>().is_ok() {
        input.advance_to(&fork);
    } else {
        value::until_comma(input);
    }
}
