//! Every shape of function that can be guarded, type-checked.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use idem::{KeyPart, idempotent};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

#[derive(Debug)]
pub(super) enum Failure {
    Guard(idem::Error),
    Parse(std::num::ParseIntError),
}

impl From<idem::Error> for Failure {
    fn from(error: idem::Error) -> Self {
        Self::Guard(error)
    }
}

impl From<std::num::ParseIntError> for Failure {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Parse(error)
    }
}

#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Receipt {
    id: u64,
}

pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: String,
}

#[idempotent(key = "free:{id}", strategy = "setnx")]
async fn free(id: u64) -> Result<Receipt, Failure> {
    Ok(Receipt { id })
}

#[idempotent(key = "borrowing:{user.id}:{note}", strategy = "setnx")]
async fn borrowing(user: &User, note: &str) -> Result<u64, Failure> {
    tokio::task::yield_now().await;
    Ok(user.id + note.len() as u64)
}

#[idempotent(key = "lifetimes:{user.name}", strategy = "setnx", on_duplicate = "reject")]
async fn lifetimes<'a>(user: &'a User, other: &str) -> Result<&'a str, Failure> {
    let _ = other;
    Ok(&user.name)
}

#[idempotent(key = "generic:{id}:{n.len()}", strategy = "setnx")]
async fn generic<T, K, const N: usize>(id: K, n: [T; N]) -> Result<Vec<T>, Failure>
where
    T: Serialize + DeserializeOwned + Copy,
    K: KeyPart,
{
    Ok(n.to_vec())
}

#[idempotent(key = "impl_trait:{id}", strategy = "setnx")]
async fn impl_trait(id: impl KeyPart, name: impl Into<String>) -> Result<String, Failure> {
    Ok(name.into())
}

/// A pattern is taken apart as ever.
#[idempotent(key = "patterns:{a}:{b}:{id}:{first}", strategy = "setnx")]
async fn patterns(
    (a, mut b): (u8, u8),
    User { id, name: _ }: User,
    [first, ..]: [u64; 3],
    _: bool,
) -> Result<u64, Failure> {
    b += 1;
    Ok(u64::from(a + b) + id + first)
}

#[idempotent(key = "cfg:{id}", strategy = "setnx")]
async fn cfg(#[cfg(any())] missing: Missing, #[cfg(not(any()))] id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[idempotent(key = "raw:{type}:{of.match}:{text}", strategy = r"setnx")]
async fn raw_names(r#type: u8, of: Raw, text: char) -> Result<u8, Failure> {
    let _ = (of, text);
    Ok(r#type)
}

struct Raw {
    r#match: bool,
}

#[idempotent(key = "inference:{text}", strategy = "setnx")]
async fn inference(text: String) -> Result<u64, Failure> {
    let number = text.parse()?;
    if number == 7 {
        return Ok(text.len().try_into().unwrap_or_default());
    }
    if number == 8 {
        return Err(idem::Error::NotInstalled.into());
    }
    Ok(number)
}

#[idempotent(key = "collected:{id}", strategy = "setnx")]
async fn collected(id: u64) -> Result<HashMap<String, Vec<u64>>, Failure> {
    Ok([("a".to_owned(), vec![id]), ("b".to_owned(), vec![])].into_iter().collect())
}

#[idempotent(key = "recursive:{depth}", strategy = "setnx")]
async fn recursive(depth: u32) -> Result<u32, Failure> {
    if depth == 0 { Ok(0) } else { Ok(1 + recursive(depth - 1).await?) }
}

#[idempotent(key = "never:{id}", strategy = "setnx")]
async fn diverging(id: u64) -> Result<u64, Failure> {
    todo!("{id}")
}

type Answer<T = Receipt> = Result<T, Failure>;

#[idempotent(key = "alias:{id}", strategy = "setnx")]
async fn alias(id: u64) -> Answer {
    Ok(Receipt { id })
}

#[inline]
#[allow(clippy::unused_async)]
#[doc = "Attributes are kept."]
#[idempotent(key = "attributes:{id}", strategy = "setnx")]
#[cold]
async fn attributes(id: u64) -> Result<u64, Failure> {
    Ok(id)
}

#[derive(Serialize, Deserialize)]
struct Service {
    tenant: String,
}

impl Service {
    #[idempotent(key = "by_ref:{self.tenant}:{id}", strategy = "setnx")]
    async fn by_ref(&self, id: u64) -> Result<String, Failure> {
        Ok(format!("{}{id}", self.tenant))
    }

    #[idempotent(key = "by_mut:{self.tenant}:{id}", strategy = "setnx")]
    async fn by_mut(&mut self, id: u64) -> Result<Self, Failure> {
        self.tenant.push('x');
        Err(Failure::Guard(idem::Error::NotInstalled))
    }

    #[idempotent(key = "by_arc:{self.tenant}:{id}", strategy = "setnx", on_cancel = "finish")]
    async fn by_arc(self: Arc<Self>, id: u64) -> Result<String, Failure> {
        Ok(format!("{}{id}", self.tenant))
    }

    #[idempotent(key = "by_value:{self.tenant}", strategy = "setnx")]
    async fn by_value(mut self) -> Result<String, Failure> {
        self.tenant.push('x');
        Ok(self.tenant)
    }
}

trait Ship {
    async fn ship(&self, id: u64) -> Result<u64, Failure>;

    #[idempotent(key = "by_default:{id}", strategy = "setnx")]
    async fn by_default(&self, id: u64) -> Result<u64, Failure> {
        self.ship(id).await
    }
}

impl Ship for Service {
    #[idempotent(key = "ship:{self.tenant}:{id}", strategy = "setnx")]
    async fn ship(&self, id: u64) -> Result<u64, Failure> {
        Ok(id)
    }
}

#[async_trait::async_trait]
trait Boxed: Sync {
    async fn run(&self, id: u64, user: &User, pair: (u8, u8)) -> Result<u64, Failure>;
    async fn owned(self: Arc<Self>, id: u64) -> Result<u64, Failure>;

    #[idempotent(key = "boxed_default:{id}", strategy = "setnx")]
    async fn boxed_default(&self, id: u64) -> Result<u64, Failure> {
        Ok(id)
    }
}

#[async_trait::async_trait]
impl Boxed for Service {
    #[idempotent(
        key = "boxed:{self.tenant}:{id}:{user.id}:{a}:{b}",
        strategy = "setnx",
        fingerprint(b, user.name)
    )]
    async fn run(&self, mut id: u64, user: &User, (a, b): (u8, u8)) -> Result<u64, Failure> {
        id += 1;
        let parsed: u64 = user.name.parse()?;
        Ok(id + parsed + u64::from(a + b) + self.tenant.len() as u64)
    }

    #[idempotent(key = "owned:{self.tenant}:{id}", strategy = "setnx", on_cancel = "finish")]
    async fn owned(self: Arc<Self>, id: u64) -> Result<u64, Failure> {
        Ok(id + self.tenant.len() as u64)
    }
}

#[async_trait::async_trait(?Send)]
trait Local {
    async fn local(&self, id: u64) -> Result<u64, Failure>;
}

#[async_trait::async_trait(?Send)]
impl Local for Service {
    #[tracing::instrument(skip_all)]
    #[idempotent(key = "local:{id}", strategy = "setnx")]
    async fn local(&self, id: u64) -> Result<u64, Failure> {
        let local = std::rc::Rc::new(id);
        tokio::task::yield_now().await;
        Ok(*local)
    }
}

#[async_trait::async_trait]
trait Traced {
    async fn below(&self, id: u64) -> Result<u64, Failure>;
}

#[async_trait::async_trait]
impl Traced for Service {
    #[idempotent(key = "traced_below:{self.tenant}:{id}", strategy = "setnx")]
    #[tracing::instrument(skip_all, fields(id))]
    async fn below(&self, id: u64) -> Result<u64, Failure> {
        Ok(id)
    }
}

#[tracing::instrument(skip(user))]
#[idempotent(key = "instrumented:{id}", strategy = "setnx")]
async fn instrument_above(id: u64, user: &User) -> Result<u64, Failure> {
    Ok(id + user.id)
}

#[idempotent(key = "instrumented_too:{id}", strategy = "setnx")]
#[tracing::instrument(skip(user), err(Debug), ret)]
async fn instrument_below(id: u64, user: &User) -> Result<u64, Failure> {
    Ok(id + user.id)
}

// rustfmt indents the attribute further each time it comes by.
#[rustfmt::skip]
macro_rules! guarded {
    ($name:ident, $key:literal, $arg:ident: $ty:ty, $engine:expr, $ttl:literal) => {
        #[idempotent(
            key = $key,
            strategy = "setnx",
            ttl = $ttl,
            engine = $engine,
            fingerprint($arg, more)
        )]
        async fn $name($arg: $ty, hidden: u8, more: u8) -> Result<$ty, Failure> {
            let _ = (hidden, more);
            Ok($arg)
        }
    };
    ($name:ident) => {
        #[idempotent(key = "by_macro:{hidden}", strategy = "setnx", fingerprint(hidden, more))]
        async fn $name(hidden: u8, more: u8) -> Result<u8, Failure> {
            Ok(hidden + more)
        }
    };
}

static KEPT: std::sync::LazyLock<idem::Idem> = std::sync::LazyLock::new(idem::Idem::in_memory);

guarded!(by_macro, "by_macro:{id}:{hidden}", id: u64, *KEPT, "1h");
guarded!(by_macro_too);

#[test]
fn futures_are_send_where_the_body_is() {
    fn send<T: Send>(_: T) {}
    let user = User { id: 1, name: String::new() };
    let service = Service { tenant: String::new() };
    send(free(1));
    send(borrowing(&user, ""));
    send(service.by_ref(1));
    send(recursive(1));
    send(generic(1, [1]));
    send(instrument_below(1, &user));
    send(Boxed::run(&service, 1, &user, (1, 2)));
}

#[tokio::test]
async fn a_function_in_a_function_is_guarded() {
    #[idempotent(key = "inner:{id}", strategy = "setnx")]
    async fn inner(id: u64) -> Result<u64, Failure> {
        Ok(id)
    }
    assert_eq!(idem::Idem::in_memory().scope(inner(1)).await.unwrap(), 1);
}

#[rustfmt::skip]
macro_rules! from_fragments {
    ($name:ident, $key:expr, $ret:ty, $arg:ident: $ty:ty, $place:expr, $body:expr, $map:path) => {
        #[idempotent(
            key = $key,
            strategy = "setnx",
            fingerprint($place),
            on_cancel = "finish",
            map_err = $map
        )]
        async fn $name($arg: $ty) -> $ret {
            $body
        }
    };
}

from_fragments!(whole_fragment, "fragments:{x.0}", Result<u64, Failure>, x: (u64, u8), x, Ok(x.0), Failure::from);
from_fragments!(part_of_fragment, "parts:{x.0}", Result<u64, Failure>, x: (u64, u8), x.1, Ok(x.0), From::from);

#[rustfmt::skip]
macro_rules! with_a_body {
    ($name:ident($($arg:ident: $ty:ty),*) $body:block) => {
        #[idempotent(key = "with_a_body:{id}", strategy = "setnx")]
        async fn $name($($arg: $ty),*) -> Result<u64, Failure> $body
    };
}

with_a_body!(body_of_a_fragment(id: u64, more: u64) { Ok(id + more) });

trait Receivers: Sized {
    #[idempotent(key = "sized:{id}", strategy = "setnx")]
    async fn sized(self, id: u64) -> Result<u64, Failure>
    where
        Self: Sized,
    {
        let _ = self;
        Ok(id)
    }

    /// Boxed by hand.
    #[idempotent(key = "by_hand:{id}", strategy = "setnx")]
    fn by_hand(&self, id: u64) -> Pin<Box<dyn Future<Output = Result<u64, Failure>> + Send + '_>> {
        Box::pin(async move { Ok(id) })
    }
}
