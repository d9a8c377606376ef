//! What an entity is looked up by.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

/// The value that an entity is looked up by: an integer, text, or a `Uuid` (feature `uuid`), and
/// references, `Box`, `Rc`, `Arc` and `Cow` of them.
///
/// It is bound as what it is, so it has to be what the column holds. A `Uuid` is bound as sqlx binds
/// it: to a `uuid` in Postgres, to 16 bytes in MySQL and SQLite; where those hold it as text, give
/// `id.to_string()`.
///
/// For a type of your own:
///
/// ```
/// use idem::{EntityId, machine::Id};
///
/// struct OrderId(i64);
///
/// impl EntityId for OrderId {
///     fn entity_id(&self) -> Id {
///         self.0.entity_id()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be looked up in an id column",
    label = "not an `EntityId`",
    note = "an entity is an integer, text or a `Uuid` (feature `uuid`): name the field that is one, \
            such as `entity = order.id`, or implement `EntityId`"
)]
pub trait EntityId {
    /// The value to bind.
    fn entity_id(&self) -> Id;
}

/// A value that is bound to an id column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Id {
    /// An integer.
    Integer(i64),
    /// An integer above what an `i64` holds: for MySQL's `bigint unsigned`.
    Unsigned(u64),
    /// Text.
    Text(String),
    /// A UUID.
    #[cfg(feature = "uuid")]
    Uuid(uuid::Uuid),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => id.fmt(f),
            Self::Unsigned(id) => id.fmt(f),
            Self::Text(id) => id.fmt(f),
            #[cfg(feature = "uuid")]
            Self::Uuid(id) => id.fmt(f),
        }
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl EntityId for $integer {
            fn entity_id(&self) -> Id {
                Id::Integer(i64::from(*self))
            }
        }

        impl EntityId for NonZero<$integer> {
            fn entity_id(&self) -> Id {
                self.get().entity_id()
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 u8 u16 u32);

impl EntityId for u64 {
    fn entity_id(&self) -> Id {
        i64::try_from(*self).map_or(Id::Unsigned(*self), Id::Integer)
    }
}

impl EntityId for NonZero<u64> {
    fn entity_id(&self) -> Id {
        self.get().entity_id()
    }
}

impl EntityId for str {
    fn entity_id(&self) -> Id {
        Id::Text(self.to_owned())
    }
}

impl EntityId for String {
    fn entity_id(&self) -> Id {
        Id::Text(self.clone())
    }
}

#[cfg(feature = "uuid")]
impl EntityId for uuid::Uuid {
    fn entity_id(&self) -> Id {
        Id::Uuid(*self)
    }
}

macro_rules! by_deref {
    ($($pointer:ty),*) => {$(
        impl<E: EntityId + ?Sized> EntityId for $pointer {
            fn entity_id(&self) -> Id {
                E::entity_id(self)
            }
        }
    )*};
}

by_deref!(&E, &mut E, Box<E>, Rc<E>, Arc<E>);

impl<E: EntityId + ToOwned + ?Sized> EntityId for Cow<'_, E> {
    fn entity_id(&self) -> Id {
        E::entity_id(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bound_as_what_they_are() {
        assert_eq!((-7_i8).entity_id(), Id::Integer(-7));
        assert_eq!(u64::MAX.entity_id(), Id::Unsigned(u64::MAX));
        assert_eq!((u64::MAX >> 1).entity_id(), Id::Integer(i64::MAX));
        assert_eq!(Arc::new(&NonZero::new(7_u64)).as_ref().unwrap().entity_id(), Id::Integer(7));
        assert_eq!(Cow::Borrowed("a").entity_id(), Id::Text("a".to_owned()));
    }
}
