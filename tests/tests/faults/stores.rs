//! The stores, and which strategies each has.

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

/// Where one is; gone when this is.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Store {
    /// The strategies that have it.
    pub(crate) fn strategies(self) -> &'static [Strategy] {
        match self {
            Self::Redis | Self::Valkey => &Strategy::OF_KV,
            Self::Postgres | Self::MariaDb | Self::Sqlite => &Strategy::OF_DATABASES,
        }
    }

    /// One that other tests of this process share, or a file of one's own.
    pub(crate) fn shared(self) -> Opened {
        let (url, folder) = match self {
            Self::Redis => (Server::shared(Flavour::Redis).url(), None),
            Self::Valkey => (Server::shared(Flavour::Valkey).url(), None),
            Self::Postgres => (Database::shared(Kind::Postgres).url(), None),
            Self::MariaDb => (Database::shared(Kind::MariaDb).url(), None),
            Self::Sqlite => {
                let folder = TempDir::with_prefix("idem-kit-").expect("a temporary folder");
                (sqlite_url(folder.path()), Some(folder))
            }
        };
        Opened { url, _folder: folder }
    }
}

/// Makes each of these functions a test on every store: `async fn(Store)`.
macro_rules! on_every_store {
    ($($test:ident)*) => {
        on_every_store!(@ redis Redis $($test)*);
        on_every_store!(@ valkey Valkey $($test)*);
        on_every_store!(@ postgres Postgres $($test)*);
        on_every_store!(@ mariadb MariaDb $($test)*);
        on_every_store!(@ sqlite Sqlite $($test)*);
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
