//! One entity's transition.

use super::{Edge, EntityId, Id, StateMachine};
#[cfg(feature = "_sql")]
use crate::error::Error;

/// The transition of one entity from one state to another.
///
/// The attribute writes one from `transition` and `entity`; code that makes calls itself gives it to
/// the key, by [`Key::transition`](crate::Key::transition), and says [`Plan::state`].
///
/// [`Plan::state`]: crate::Plan::state
///
/// ```
/// use idem::{StateMachine, Transition};
///
/// #[derive(StateMachine)]
/// #[state(table = "orders", id = "id", column = "status")]
/// enum OrderStatus {
///     #[state(to(Paid))]
///     Pending,
///     Paid,
/// }
///
/// let order = 7;
/// let paid = Transition::new(OrderStatus::Pending, OrderStatus::Paid, order);
/// ```
#[derive(Debug, Clone)]
#[must_use]
#[cfg_attr(not(feature = "_sql"), expect(dead_code, reason = "it is made in a database"))]
pub struct Transition {
    edge: Result<Edge, &'static str>,
    entity: Id,
}

impl Transition {
    /// The transition of the row whose id is `entity`. One that the machine does not declare is
    /// reported by who uses it: [`Error::Config`](crate::Error::Config).
    #[allow(clippy::needless_pass_by_value, reason = "states and ids are passed as they are")]
    pub fn new<M: StateMachine>(from: M, to: M, entity: impl EntityId) -> Self {
        Self { edge: M::MACHINE.named(from.name(), to.name()), entity: entity.entity_id() }
    }

    /// The same along an edge that was found at compile time.
    #[doc(hidden)]
    pub fn along<E: EntityId + ?Sized>(edge: Edge, entity: &E) -> Self {
        Self { edge: Ok(edge), entity: entity.entity_id() }
    }

    /// The value that the entity is looked up by.
    #[cfg(feature = "_sql")]
    pub(crate) fn entity(&self) -> &Id {
        &self.entity
    }

    /// # Errors
    ///
    /// [`Error::Config`] for a transition that the machine does not declare.
    #[cfg(feature = "_sql")]
    pub(crate) fn edge(&self) -> Result<Edge, Error> {
        self.edge.map_err(Error::config)
    }
}
