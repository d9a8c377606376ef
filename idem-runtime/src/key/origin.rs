//! Where the parts of a key come from: the server, or a client.
//!
//! An implementation of [`KeyPart`](crate::KeyPart) by hand names [`Server`] or [`Client`]; the rest
//! is for the macros, and its names are met in the compiler's messages.
//!
//! The macros write `Parts::start().and(Origin::of(part).origin())…`, and ask [`Scoped`] or
//! [`Compared`] of it. [`Origin`]
//! finds out by method lookup: the method of the first type in the chain `Origin` → `OfClient` →
//! `Unknown` whose bounds hold. So a generic part, whose origin nobody knows yet, is let pass, where
//! a bound would refuse it.

use std::marker::PhantomData;
use std::ops::Deref;

use super::part::KeyPart;

/// The origin of a value that the server knows by itself.
#[derive(Debug, Clone, Copy)]
pub struct Server;

/// The origin of a value that a client made up.
#[derive(Debug, Clone, Copy)]
pub struct Client;

/// In place of an origin that no part of a key has.
#[derive(Debug, Clone, Copy)]
pub struct No;

/// Asks a part where it comes from.
#[derive(Debug)]
pub struct Origin<P: ?Sized>(OfClient<P>);

/// The same for a part that is not known to be the server's own.
#[derive(Debug)]
pub struct OfClient<P: ?Sized>(Unknown, PhantomData<P>);

/// The origin of a part whose type does not say: a type parameter.
#[derive(Debug)]
pub struct Unknown;

impl<P: ?Sized> Origin<P> {
    /// The question, without the value.
    #[must_use]
    pub const fn of(_: &P) -> Self {
        Self(OfClient(Unknown, PhantomData))
    }
}

// Looked up first: a number whose type is not decided yet fits here too, and is the server's own.
impl<P: KeyPart<Origin = Server> + ?Sized> Origin<P> {
    /// The server's own.
    #[must_use]
    pub const fn origin(&self) -> Server {
        Server
    }
}

impl<P: ?Sized> Deref for Origin<P> {
    type Target = OfClient<P>;

    fn deref(&self) -> &OfClient<P> {
        &self.0
    }
}

impl<P: KeyPart<Origin = Client> + ?Sized> OfClient<P> {
    /// Supplied by the client.
    #[must_use]
    pub const fn origin(&self) -> Client {
        Client
    }
}

impl<P: ?Sized> Deref for OfClient<P> {
    type Target = Unknown;

    fn deref(&self) -> &Unknown {
        &self.0
    }
}

impl Unknown {
    /// Not known.
    #[must_use]
    pub const fn origin(&self) -> Self {
        Self
    }
}

/// How an origin goes on to what a method makes of its value.
pub trait Made {
    /// The origin of that, which by itself would be `O`.
    type Of<O>;
    /// What is made of this.
    fn made<O>(self, made: O) -> Self::Of<O>;
}

impl Made for Server {
    type Of<O> = O;

    fn made<O>(self, made: O) -> O {
        made
    }
}

impl Made for Unknown {
    type Of<O> = O;

    fn made<O>(self, made: O) -> O {
        made
    }
}

impl Made for Client {
    type Of<O> = Self;

    fn made<O>(self, _: O) -> Self {
        self
    }
}

/// Where the parts of a key come from: `S` is [`Server`] or [`No`], `C` is [`Client`] or [`No`].
#[derive(Debug)]
pub struct Parts<S, C>(PhantomData<(S, C)>);

impl Parts<No, No> {
    /// No parts.
    #[must_use]
    pub const fn start() -> Self {
        Self(PhantomData)
    }
}

impl Parts<Server, No> {
    /// Parts that are the server's own by the look of their types.
    #[must_use]
    pub const fn known() -> Self {
        Self(PhantomData)
    }
}

impl<S, C> Parts<S, C> {
    /// One part more.
    #[must_use]
    pub fn and<O: Joins<S, C>>(self, _: O) -> O::Joined {
        O::JOINED
    }
}

/// How an origin joins those seen before.
pub trait Joins<S, C> {
    /// What is seen then.
    type Joined;
    /// Its value.
    const JOINED: Self::Joined;
}

impl<S, C> Joins<S, C> for Server {
    type Joined = Parts<Server, C>;
    const JOINED: Parts<Server, C> = Parts(PhantomData);
}

impl<S, C> Joins<S, C> for Unknown {
    type Joined = Parts<Server, C>;
    const JOINED: Parts<Server, C> = Parts(PhantomData);
}

impl<S, C> Joins<S, C> for Client {
    type Joined = Parts<S, Client>;
    const JOINED: Parts<S, Client> = Parts(PhantomData);
}

/// A key with a part that the server knows by itself.
#[diagnostic::on_unimplemented(
    message = "every part of this key is supplied by the client, so two users could share one key",
    label = "no part says whose request it is",
    note = "put one beside the client's, such as `{{user.id}}` or `{{tenant}}`"
)]
pub trait Scoped {
    /// Asks for it.
    fn scoped(&self) {}
}

impl<C> Scoped for Parts<Server, C> {}

/// A key that no client supplies a part of.
#[diagnostic::on_unimplemented(
    message = "a part of this key is supplied by the client, who could reuse it for another request",
    label = "nothing beside the key says which arguments must be equal",
    note = "list them by `fingerprint(amount, …)`, or say `fingerprint = \"off\"`"
)]
pub trait Compared {
    /// Asks for it.
    fn compared(&self) {}
}

impl<S> Compared for Parts<S, No> {}
