//! The macros of `idem`. Use them through that crate, which re-exports them.
//!
//! `#[idempotent]`, in the order in which the work flows: `options` and `template` parse what the
//! user wrote, `function` what it stands on, `check` holds them against each other, `expand` writes
//! the guarded function, and `fallback` the plain one when there was a mistake.
//!
//! The other macros are a module each: `key` for `key!`, `derive` for `KeyPart`, `machine` for
//! `StateMachine`. All of them use `errors` (mistakes are collected), `names` (the parameters in
//! scope), `place` (`user.id`), `runtime` (where the library is), `suggest` ("did you mean") and
//! `case` (`snake_case`).

mod case;
mod check;
mod derive;
mod errors;
mod expand;
mod fallback;
mod function;
mod key;
mod machine;
mod names;
mod options;
mod place;
mod runtime;
mod suggest;
mod template;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Runs an async function's effect once per key, however often it is called.
///
/// ```
/// use idem::idempotent;
/// # struct User { id: u64 }
/// # struct Order { number: String }
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Receipt;
/// # #[derive(Debug)] struct PayError;
/// # impl From<idem::Error> for PayError { fn from(_: idem::Error) -> Self { PayError } }
///
/// #[idempotent(key = "charge:{user.id}:{order.number}", strategy = "setnx", on_err = "hold")]
/// async fn charge(user: &User, order: &Order) -> Result<Receipt, PayError> {
///     // Runs once; duplicates get the stored receipt.
///     Ok(Receipt)
/// }
/// ```
///
/// The function is async and returns a `Result<T, E>`. `T` is stored, so it is `Serialize` and
/// `DeserializeOwned`; `E` carries what the guard has to say, so it is `From<idem::Error>`, or
/// `map_err` names a function. Everything else about the function stays as it is.
///
/// With the feature `axum`, `T` may be `Json<T>`, `(StatusCode, Json<T>)` or `Response`, and a handler
/// may return `Response` outright: see `idem::http`.
///
/// # Options
///
/// | option | values (default) |
/// |---|---|
/// | `key` | the template, needed; see below |
/// | `strategy` | `"setnx"`: a claim with expiry in Redis or in memory; `"count"`: attempts that are counted, there too; `"db"`: a durable claim in your own database; `"token"`: one use of a token that `Idem::issue_token` has made; `"state"`: a transition of a row in your own table; needed |
/// | `ttl` | retention: how long a completed call answers duplicates (`"24h"`) |
/// | `lease` | how long a claim stands without renewal, at most half of `ttl` (`"30s"`, or half of `ttl` where that is less) |
/// | `max_runtime` | how long the body may take (no limit) |
/// | `fingerprint` | `fingerprint(amount, to.iban)`: what must be equal for two calls to be the same request, one of them at least not in the key; `fingerprint = "off"` says in writing that nothing must |
/// | `wait` | how long a duplicate in flight waits for the result (not at all) |
/// | `on_duplicate` | `"replay"` (default), or `"reject"`: a completed duplicate gets `Error::Duplicate` and no result is stored |
/// | `on_err` | what an `Err` does to the claim: `"release"` (default; for `count` `"hold"`), `"hold"`, `"store"`, or a path to a `fn(&E) -> idem::OnErr` (for a handler that returns `Response`, `fn(&Response) -> idem::OnErr`) |
/// | `on_cancel` | what a dropped call does to its body: `"hold"` (default) leaves the claim till its lease lapses, `"finish"` lets the body go on in a task of its own, for which arguments, result and body are `Send + 'static` |
/// | `token` | for `token`, needed: the parameter that holds the call's `Token`, or a path to its field |
/// | `store` | for `token`: `"kv"` (default) records its use in Redis or in memory, `"db"` in your own database |
/// | `limit` | how many attempts a window (`ttl`) has, 1 (default) to a million: one at a time, and none more without a released `Err`; `count` only |
/// | `transition` | `OrderStatus::Pending => OrderStatus::Paid`: the transition of `"state"`, needed there |
/// | `entity` | the value that its row is looked up by: an integer, text or `Uuid`; needed there |
/// | `engine` | an expression that derefs to `Idem` (the task's engine, else the installed one) |
/// | `map_err` | a path to a `fn(idem::Error) -> E` (`From`) |
/// | `codec` | a type that implements `idem::Codec<T>` (`idem::Json`) |
/// | `on_outage` | `"fail"` (default), or `"run"`: unguarded when the store can't be asked; `setnx` only |
/// | `tx` | the parameter that holds the caller's open transaction, a `&mut` of sqlx's: claim, writes and result commit with it; for `db`, and needed for `state`; without `lease`, `max_runtime`, `on_err` and `on_cancel` |
/// | `crate` | the path of `idem`, where a re-export hides it |
///
/// Durations are whole numbers with a unit: `ms`, `s`, `m`, `h` or `d`.
///
/// # Keys
///
/// A template is literal text and `{placeholders}`. It starts with the operation's name, and a
/// placeholder with a parameter, `self`, or a name that a parameter's pattern binds; fields, tuple
/// indices and argument-free methods may follow: `"charge:{user.id}:{pair.0}:{req.id()}"`. `{{` and
/// `}}` are braces. Between two placeholders stands a character that values don't keep, such as
/// `:`, so that no two requests have one key.
///
/// # Errors
///
/// A mistake is a compile error at the smallest thing that is wrong, and says what to write.
#[proc_macro_attribute]
pub fn idempotent(options: TokenStream, item: TokenStream) -> TokenStream {
    fallback::or_item(&item.into(), |item| expand::idempotent(options.into(), item)).into()
}

/// Renders a key from a template, with the names in scope.
///
/// ```
/// let (user, number) = (42, "A-1");
/// let key = idem::key!("charge:{user}:{number}");
/// assert_eq!(key.to_string(), "charge:42:A-1");
/// ```
///
/// The template and its checks are those of the attribute, but for the fingerprint's: it is added by
/// `Key::fingerprint`. An empty part is reported by who uses the key. Where a re-export hides
/// `idem`, say where it is: `key!("charge:{user}", crate = shop::idem)`.
#[proc_macro]
pub fn key(template: TokenStream) -> TokenStream {
    key::expand(template.into()).into()
}

/// Makes a newtype or an enum without fields a part of keys.
///
/// A newtype is written as what it wraps, and comes from where that comes from: one around an
/// `IdempotencyKey` is client-supplied. An enum's variant is written in `snake_case`, so the name
/// of a variant is part of stored keys: renaming it makes other keys.
///
/// ```
/// use idem::KeyPart;
///
/// #[derive(KeyPart)]
/// struct OrderId(u64);
///
/// #[derive(KeyPart)]
/// enum Channel { WebShop, Phone }
///
/// let (order, channel) = (OrderId(7), Channel::WebShop);
/// assert_eq!(idem::key!("ship:{order}:{channel}").to_string(), "ship:7:web_shop");
/// # let _ = Channel::Phone;
/// ```
#[proc_macro_derive(KeyPart)]
pub fn derive_key_part(item: TokenStream) -> TokenStream {
    derive::expand(item.into()).into()
}

/// Makes an enum without fields the states of a row, and the transitions between them that are
/// legal.
///
/// Each row of the table is an entity, which `column` says the state of. The first variant is the
/// start.
///
/// ```
/// use idem::StateMachine;
///
/// #[derive(StateMachine, Clone, Copy, PartialEq, Debug)]
/// #[state(table = "orders", id = "id", column = "status")]
/// enum OrderStatus {
///     #[state(to(Paid, Cancelled))]
///     Pending,
///     #[state(to(Shipped))]
///     Paid,
///     Shipped,
///     #[state(name = "void")]
///     Cancelled,
/// }
///
/// assert_eq!(OrderStatus::Cancelled.name(), "void");
/// assert_eq!(OrderStatus::from_name("shipped"), Some(OrderStatus::Shipped));
/// assert!(OrderStatus::diagram().contains("Pending --> Paid"));
/// ```
///
/// # Attributes
///
/// | on | attribute | says |
/// |---|---|---|
/// | the enum | `table` | the table's name, `orders` or `shop.orders`; needed |
/// | | `id` | the column that an `entity` is looked up by, unique; needed |
/// | | `column` | the column that holds the state, of a text or an enum type; needed |
/// | | `pg_type` | the type of that column, where it is an enum of Postgres |
/// | a variant | `to(…)` | the states that it leads to; nowhere unless given |
/// | | `name` | how it is stored; its name in `snake_case` unless given |
///
/// Names are taken as they are written, quoted in statements: in Postgres, which folds what its own
/// SQL leaves unquoted, `Orders` is usually `orders`.
///
/// Beside the trait it makes an associated function `diagram()`: the machine as a Mermaid state
/// diagram.
#[proc_macro_derive(StateMachine, attributes(state))]
pub fn derive_state_machine(item: TokenStream) -> TokenStream {
    machine::expand(item.into()).into()
}
