//! What a node is told, so that it starts quickly and meets nobody.

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
};

/// One scheduler of each kind, since it has a part of a small machine: half the time to start.
const MACHINE: &str = "+S 1:1 +SDcpu 1:1 +SDio 1 +A 1 -noinput";

/// What stands in the node's configuration file.
const CONFIGURATION: &str = "\
listeners.tcp.1 = 127.0.0.1:PORT
num_acceptors.tcp = 2
# A disk that is nearly full stops no test before it is full.
disk_free_limit.absolute = 1MB
log.console = true
log.console.level = info
log.file = false
";

/// The ports of one node: for clients, and for other nodes, of which there are none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) clients: u16,
    pub(super) nodes: u16,
}

/// Writes the configuration of a node that will run in `folder`.
pub(super) fn configure(folder: &Path, ports: Ports) {
    let text = CONFIGURATION.replace("PORT", &ports.clients.to_string());
    fs::write(folder.join("rabbit.conf"), text).expect("the folder is ours");
}

/// The command line of a node that runs in `folder`, with all of its environment.
pub(super) fn command(folder: &Path, ports: Ports) -> Vec<String> {
    let in_folder = |name: &str| folder.join(name).display().to_string();
    let Ports { nodes, .. } = ports;
    // A node that has a name already, and is told its own port, asks no `epmd` and starts none. The
    // cookie is all that keeps others of this machine from giving it orders.
    let alone = format!(
        "-sname idem@localhost -setcookie {:016x} -start_epmd false -erl_epmd_port {nodes} \
         -kernel inet_dist_use_interface {{127,0,0,1}} \
         -kernel inet_dist_listen_min {nodes} -kernel inet_dist_listen_max {nodes}",
        RandomState::new().hash_one(nodes)
    );
    let environment = [
        ("HOME", in_folder("")),
        ("RABBITMQ_CONF_ENV_FILE", "/dev/null".to_owned()),
        ("RABBITMQ_CONFIG_FILE", in_folder("rabbit")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", in_folder("none.config")),
        ("RABBITMQ_GENERATED_CONFIG_DIR", in_folder("config")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", in_folder("plugins")),
        ("RABBITMQ_MNESIA_BASE", in_folder("data")),
        ("RABBITMQ_LOG_BASE", in_folder("logs")),
        ("RABBITMQ_LOGS", "-".to_owned()),
        ("RABBITMQ_NODENAME", "idem@localhost".to_owned()),
        ("RABBITMQ_DIST_PORT", nodes.to_string()),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", format!("{MACHINE} {alone}")),
        // Else its script stays between it and the signals.
        ("RABBITMQ_ALLOW_INPUT", "1".to_owned()),
    ];
    let mut command = vec!["env".to_owned()];
    command.extend(environment.map(|(name, value)| format!("{name}={value}")));
    command.push(program().display().to_string());
    command
}

/// The server's own script. What Debian has in PATH by this name is another, which becomes the
/// system's user and writes to the system's logs.
fn program() -> PathBuf {
    const NAME: &str = "rabbitmq-server";
    let path = env::var_os("PATH").unwrap_or_default();
    [PathBuf::from("/usr/lib/rabbitmq/bin")]
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(NAME))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{NAME} is not installed: `tests/run` installs it"))
}
