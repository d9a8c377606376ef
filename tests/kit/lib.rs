//! Private servers and helpers for the integration tests.
//!
//! A test that needs a server starts a real one: on a free loopback port, in a temporary folder,
//! alone or shared with the other tests of its process. Nothing is left of it afterwards, also
//! when the test fails or its process is killed: see [`supervisor`].
//!
//! | module | for |
//! |---|---|
//! | [`redis`] | Redis and Valkey: start, stop, pause, kill; what they hold and what they were asked |
//! | [`database`] | Postgres and MariaDB: start, stop, kill |
//! | [`rabbit`] | RabbitMQ |
//! | [`place`] | a store, for a test that must hold on every one |
//! | [`proxy`] | a connection that breaks at the byte where the test wants it |
//! | [`faulty`] | a store of which chosen steps fail, lose their answer or wait |
//! | [`browser`] | Chromium, by mouse, keyboard and eyes |
//! | [`http`] | requests as an outsider sends them, byte by byte |
//! | [`nginx`] | Nginx before one's own servers |
//! | [`process`] | another process that takes part in a test, and that can die in it |
//! | [`worker`] | calls by every strategy on every store, in a process that can be killed |
//! | [`ledger`] | effects, counted outside of the store under test |
//! | [`oracle`] | what processes under faults have done, held against what was promised |
//! | [`wait_for`] | a condition that becomes true in a while |
//!
//! A server that isn't installed makes a test fail. `tests/run` installs them.

pub mod browser;
pub mod database;
pub mod faulty;
pub mod http;
pub mod ledger;
pub mod nginx;
pub mod oracle;
pub mod place;
pub mod port;
pub mod process;
pub mod proxy;
pub mod rabbit;
pub mod redis;
pub mod supervisor;
mod wait;
pub mod worker;

pub use wait::wait_for;
