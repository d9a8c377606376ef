use std::{
    env,
    path::{Path, PathBuf},
};

/// Which server: they differ in what they compare natively, and in what they are asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Redis 7, the oldest that is supported: everything by script.
    Redis,
    /// Valkey 9: `SET … IFEQ`.
    Valkey,
}

impl Flavour {
    /// All of them, for a test that must hold on each.
    pub const ALL: [Self; 2] = [Self::Redis, Self::Valkey];

    /// The server's program.
    ///
    /// # Panics
    ///
    /// When it isn't installed, with what to do about it.
    pub(super) fn program(self) -> PathBuf {
        let found = match self {
            Self::Redis => on_path("redis-server"),
            Self::Valkey => brought_by_tests_run().or_else(|| on_path("valkey-server")),
        };
        found.unwrap_or_else(|| panic!("{self:?} is not installed: `tests/run` installs it"))
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Where `tests/run` puts what no Debian package brings.
fn brought_by_tests_run() -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/servers/bin/valkey-server");
    file.is_file().then_some(file)
}
