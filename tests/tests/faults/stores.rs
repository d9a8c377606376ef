//! The stores, and which strategies each has.

use std::net::SocketAddr;

use kit::database::{Kind, Server as Database};
use kit::place::sqlite_url;
use kit::redis::{Flavour, Server};
use kit::worker::Strategy;
use tempfile::TempDir;

/// A store that outlives a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Redis,
    Valkey,
    Postgres,
    MariaDb,
    Sqlite,
}

/// Where one is; a file is gone when this is.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) url: String,
    at: At,
}

#[derive(Debug)]
enum At {
    Kv(&'static Server),
    Database(&'static Database),
    File { _folder: TempDir },
}

impl Store {
    /// The strategies that have it.
    pub(crate) fn strategies(self) -> &'static [Strategy] {
        match self {
            Self::Redis | Self::Valkey => &Strategy::OF_KV,
            Self::Postgres | Self::MariaDb | Self::Sqlite => &Strategy::OF_DATABASES,
        }
    }

    /// The cases that are tried on it: half of them, unless it is a suite that takes its time. The other half
    /// is tried on the store that is most like it.
    pub(crate) fn share<T>(self, mut cases: Vec<T>) -> Vec<T> {
        let even = match self {
            Self::Redis | Self::Postgres => true,
            Self::Valkey | Self::MariaDb => false,
            Self::Sqlite => return cases,
        };
        let mut number = 0..;
        cases.retain(|_| {
            crate::is_long()
                || number.next().is_some_and(|number: usize| number.is_multiple_of(2) == even)
        });
        cases
    }

    /// One that other tests of this process share, or a file of one's own.
    pub(crate) fn shared(self) -> Opened {
        let at = match self {
            Self::Redis => At::Kv(Server::shared(Flavour::Redis)),
            Self::Valkey => At::Kv(Server::shared(Flavour::Valkey)),
            Self::Postgres => At::Database(Database::shared(Kind::Postgres)),
            Self::MariaDb => At::Database(Database::shared(Kind::MariaDb)),
            Self::Sqlite => {
                let folder = TempDir::with_prefix("idem-kit-").expect("a temporary folder");
                let url = sqlite_url(folder.path());
                return Opened { url, at: At::File { _folder: folder } };
            }
        };
        let url = match at {
            At::Kv(server) => server.url(),
            At::Database(server) => server.url(),
            At::File { .. } => unreachable!("it is opened"),
        };
        Opened { url, at }
    }
}

impl Store {
    /// One of the test's own, which keeps what it has acknowledged.
    pub(crate) fn own(self) -> Own {
        match self {
            Self::Redis => Own::kv(Flavour::Redis),
            Self::Valkey => Own::kv(Flavour::Valkey),
            Self::Postgres => Own::Database(Database::start(Kind::Postgres)),
            Self::MariaDb => Own::Database(Database::start(Kind::MariaDb)),
            Self::Sqlite => Own::File(self.shared()),
        }
    }
}

/// A store of the test's own.
pub(crate) enum Own {
    Kv(Server),
    Database(Database),
    File(Opened),
}

impl Own {
    fn kv(flavour: Flavour) -> Self {
        Self::Kv(Server::with(flavour).config("appendonly", "yes").start())
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Kv(server) => server.url(),
            Self::Database(server) => server.url(),
            Self::File(file) => file.url.clone(),
        }
    }

    /// Kills it and starts it again, unless it is a file.
    pub(crate) fn crash(&mut self) -> bool {
        self.kill() && self.start_again()
    }

    /// Kills it, unless it is a file.
    pub(crate) fn kill(&mut self) -> bool {
        match self {
            Self::Kv(server) => server.kill(),
            Self::Database(server) => server.kill(),
            Self::File(_) => return false,
        }
        true
    }

    /// Starts it again, unless it is a file.
    pub(crate) fn start_again(&mut self) -> bool {
        match self {
            Self::Kv(server) => server.start_again(),
            Self::Database(server) => server.start_again(),
            Self::File(_) => return false,
        }
        true
    }
}

impl Opened {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        match self.at {
            At::Kv(server) => server.address(),
            At::Database(server) => server.address(),
            At::File { .. } => panic!("a file listens nowhere"),
        }
    }

    /// Its URL by way of a proxy.
    pub(crate) fn by_way_of(&self, address: SocketAddr) -> String {
        match self.at {
            At::Kv(server) => server.url_by_way_of(address),
            At::Database(server) => server.url_by_way_of(address),
            At::File { .. } => panic!("a file listens nowhere"),
        }
    }
}

/// Makes each of these functions a test on every store: `async fn(Store)`.
macro_rules! on_every_store {
    ($($test:ident)*) => {
        crate::stores::on_every_server!($($test)*);
        crate::stores::on_every_store!(@ sqlite Sqlite $($test)*);
    };
    (@ $module:ident $store:ident $($test:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::stores::Store::$store).await;
                }
            )*
        }
    };
}
pub(crate) use on_every_store;

/// The same for those across a network.
macro_rules! on_every_server {
    ($($test:ident)*) => {
        crate::stores::on_every_store!(@ redis Redis $($test)*);
        crate::stores::on_every_store!(@ valkey Valkey $($test)*);
        crate::stores::on_every_store!(@ postgres Postgres $($test)*);
        crate::stores::on_every_store!(@ mariadb MariaDb $($test)*);
    };
}
pub(crate) use on_every_server;
