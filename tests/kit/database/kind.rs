use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::mysql;
use super::user::User;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Postgres.
    Postgres,
    /// MariaDB; or MySQL in its place, by `tests/run --mysql`.
    MariaDb,
}

impl Kind {
    /// The name of its template.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb if mysql::is_asked_for() => "mysql",
            Self::MariaDb => "mariadb",
        }
    }

    /// As whom it runs, where not as this process.
    pub(super) fn user(self) -> Option<User> {
        match self {
            Self::Postgres => User::instead_of_root(),
            Self::MariaDb => None,
        }
    }

    /// What makes the first data in a folder that is empty.
    pub(super) fn initialise(self, data: &Path) -> Vec<String> {
        let data = data.display();
        match self {
            Self::Postgres => {
                let mut command = vec![program("initdb"), format!("--pgdata={data}")];
                let options =
                    "--no-sync --no-locale --encoding=UTF8 --auth=trust --username=postgres";
                command.extend(options.split(' ').map(str::to_owned));
                command
            }
            Self::MariaDb if mysql::is_asked_for() => mysql::initialise(&data.to_string()),
            Self::MariaDb => vec![
                program("mariadb-install-db"),
                "--no-defaults".to_owned(),
                format!("--datadir={data}"),
                "--auth-root-authentication-method=normal".to_owned(),
                "--skip-test-db".to_owned(),
                "--user=root".to_owned(),
            ],
        }
    }

    /// Adds to the first data what the server's own program doesn't make.
    pub(super) fn complete(self, data: &Path) {
        if self == Self::MariaDb && !mysql::is_asked_for() {
            // A folder is a database.
            fs::create_dir(data.join("idem")).expect("the data are ours");
        }
    }

    /// The server's command line: all of its configuration is in it.
    pub(super) fn command(
        self,
        folder: &Path,
        port: u16,
        configuration: &[(&str, &str)],
    ) -> Vec<String> {
        let data = folder.join("data").display().to_string();
        let mut command = self.user().map_or_else(Vec::new, |user| user.prefix());
        match self {
            Self::Postgres => {
                command.extend([program("postgres"), "-D".to_owned(), data]);
                // What a commit has acknowledged outlives the server, and needs to outlive no more.
                let port = port.to_string();
                let usual = [
                    ("port", &*port),
                    ("listen_addresses", "127.0.0.1"),
                    ("unix_socket_directories", ""),
                    ("fsync", "off"),
                    ("max_connections", "400"),
                    ("shared_buffers", "32MB"),
                ];
                for (name, value) in usual.iter().chain(configuration) {
                    command.extend(["-c".to_owned(), format!("{name}={value}")]);
                }
            }
            Self::MariaDb => {
                let socket = folder.join("socket").display().to_string();
                let port = port.to_string();
                if mysql::is_asked_for() {
                    command.extend(mysql::program());
                } else {
                    command.extend([program("mariadbd"), "--no-defaults".to_owned()]);
                }
                let usual = [
                    ("user", "root"),
                    ("datadir", &*data),
                    ("port", &*port),
                    ("bind-address", "127.0.0.1"),
                    ("socket", &*socket),
                    ("skip-name-resolve", "1"),
                    ("max-connections", "400"),
                    ("innodb-flush-log-at-trx-commit", "2"),
                    ("innodb-buffer-pool-size", "64M"),
                ];
                for (name, value) in usual.iter().chain(configuration) {
                    command.push(format!("--{name}={value}"));
                }
            }
        }
        command
    }

    /// Whether the server of this process id says that it takes connections.
    pub(super) fn is_ready(self, folder: &Path, pid: u32) -> bool {
        let pid = pid.to_string();
        match self {
            Self::Postgres => {
                let file = fs::read_to_string(folder.join("data/postmaster.pid"));
                let file = file.unwrap_or_default();
                let mut lines = file.lines();
                let status = |it: &str| matches!(it.trim(), "ready" | "standby");
                lines.next() == Some(&pid) && lines.nth(6).is_some_and(status)
            }
            // What it says in its log: before, it listens, and is deaf to a signal to stop.
            Self::MariaDb => {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                let started = log.split(&format!("as process {pid}\n")).nth(1);
                started.is_some_and(|log| log.contains("ready for connections"))
            }
        }
    }

    /// The signal at which it stops in good order, without waiting for its clients.
    pub(super) fn stop_signal(self) -> &'static str {
        match self {
            Self::Postgres => "INT",
            Self::MariaDb => "TERM",
        }
    }

    /// The signal at which it stops at once, tidying up outside of its folder.
    pub(super) fn last_signal(self) -> &'static str {
        match self {
            Self::Postgres => "QUIT",
            Self::MariaDb => "KILL",
        }
    }

    /// How a client reaches a server at this address.
    #[must_use]
    pub fn url(self, address: SocketAddr) -> String {
        match self {
            Self::Postgres => format!("postgres://postgres@{address}/postgres?sslmode=disable"),
            Self::MariaDb => format!("mysql://root@{address}/idem?ssl-mode=disabled"),
        }
    }
}

/// Where Debian puts what is for no user's PATH.
const PLACES: &[&str] = &["/usr/sbin", "/usr/local/sbin"];

fn program(name: &str) -> String {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    debian.sort();
    env::split_paths(&path)
        .chain(PLACES.iter().map(PathBuf::from))
        .chain(debian.into_iter().rev())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: `tests/run` installs it"))
        .display()
        .to_string()
}
