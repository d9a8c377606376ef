//! MySQL in MariaDB's place: the same client, the same tests, another server.

use std::env;
use std::fs;
use std::path::Path;

/// Whether `tests/run --mysql` runs the tests.
pub(super) fn is_asked_for() -> bool {
    env::var_os("IDEM_TESTS_MYSQL").is_some()
}

/// The server, and what its command line begins with.
pub(super) fn program() -> Vec<String> {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/servers/bin/mysqld");
    assert!(server.is_file(), "MySQL is not installed: `tests/run --mysql` installs it");
    let server = server.display().to_string();
    // The first has to come first. One more listener and a log of changes are of no use here, and the
    // folder that Debian's build asks for is not there.
    let options = ["--no-defaults", "--mysqlx=off", "--skip-log-bin", "--secure-file-priv="];
    std::iter::once(server).chain(options.map(str::to_owned)).collect()
}

/// What makes the first data in a folder that is empty.
pub(super) fn initialise(data: &str) -> Vec<String> {
    // One line a statement. Without names of hosts a user is one of an address.
    let statements = "create database idem;\n\
                      create user root@'127.0.0.1';\n\
                      grant all on *.* to root@'127.0.0.1' with grant option;\n";
    let file = Path::new(data).with_extension("sql");
    fs::write(&file, statements).expect("the folder is ours");
    let mut command = program();
    command.extend(["--initialize-insecure".to_owned(), "--user=root".to_owned()]);
    command.extend([format!("--datadir={data}"), format!("--init-file={}", file.display())]);
    command
}
