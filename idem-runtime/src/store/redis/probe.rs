//! What a server is, asked at each connect.

use redis::{Cmd, RedisError, Value};

use super::connection::{Connected, Dialect};
use super::script::Lua;

/// What a server says of itself.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) dialect: Dialect,
    pub(super) is_replica: bool,
    /// How it stands among others, where that is not alone.
    pub(super) mode: Option<Mode>,
    /// Its eviction policy, where it says.
    pub(super) policy: Option<String>,
    /// What it forbids of all that records need, in its own words.
    pub(super) forbidden: Option<String>,
}

/// How a server stands among others, where that is not alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A node of a cluster: it has some of the keys, and sends whoever asks for others away.
    Cluster,
    /// A Sentinel: it knows where a primary is, and keeps nothing itself.
    Sentinel,
}

/// Whether this is what a node of a cluster says of a key that is not its own, or nobody's for now.
pub(super) fn sends_away(code: Option<&str>) -> bool {
    matches!(code, Some("MOVED" | "ASK" | "CLUSTERDOWN"))
}

/// Asks a server what it is. `probe` is a name under which nothing ever stands, and nothing is
/// written: the commands ask for a value that is not there.
pub(super) async fn probe(connected: &mut Connected, probe: &str) -> Result<Server, RedisError> {
    let info = match connected.query(Cmd::new().arg("INFO")).await {
        Ok(Value::BulkString(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Value::VerbatimString { text, .. } | Value::SimpleString(text)) => text,
        Ok(_) => String::new(),
        // A server whose ACL hides INFO still serves: by what every server knows.
        Err(error) if error.code() == Some("NOPERM") => String::new(),
        Err(error) => return Err(error),
    };
    let mut native = Cmd::new();
    native.arg("SET").arg(probe).arg("").arg("IFEQ").arg("-").arg("GET").arg("PX").arg(1);
    let (mut forbidden, mut mode) = (None, None);
    let native = match connected.query(&native).await {
        Ok(_) => Some(true),
        Err(error) if error.code() == Some("ERR") => Some(false),
        // Full, a replica: it says nothing of what it knows.
        Err(error) if error.code().is_some() => {
            forbidden = forbids(error.code(), error.detail());
            // Also where INFO is hidden.
            mode = sends_away(error.code()).then_some(Mode::Cluster);
            None
        }
        Err(error) => return Err(error),
    };
    let script = Lua::new(include_str!("scripts/probe.lua"));
    let refused = match script.run_both_ways(connected, probe).await {
        Ok(answer) => inside_of_script(&answer),
        Err(error) if error.code().is_some() => forbids(error.code(), error.detail()),
        Err(error) => return Err(error),
    };
    let forbidden = forbidden.or(refused);
    let read = Server::read(&info, native);
    Ok(Server { forbidden, mode: read.mode.or(mode), ..read })
}

/// What a server forbids, in its own words; `None` for a refusal that may pass, as a replica's.
fn forbids(code: Option<&str>, said: Option<&str>) -> Option<String> {
    let said = said.unwrap_or_default();
    // A command that was left out or renamed, and one in a script that the user has no right to:
    // those are told in the text alone.
    let told = ["nknown command", "nknown Redis command", "can't run this command", "ACL failure"];
    let is_forbidden = code == Some("NOPERM") || told.iter().any(|told| said.contains(told));
    // What comes after that is what was sent.
    is_forbidden.then(|| said.split(", with args").next().unwrap_or_default().to_owned())
}

/// The same of a command inside of the script.
fn inside_of_script(answer: &Value) -> Option<String> {
    let Value::Array(refused) = answer else { return None };
    refused.chunks_exact(2).find_map(|refused| {
        let [Value::BulkString(command), Value::BulkString(said)] = refused else { return None };
        let (command, said) = (String::from_utf8_lossy(command), String::from_utf8_lossy(said));
        let forbidden = forbids(said.split(' ').next(), Some(&said))?;
        Some(format!("{command} in a script: {forbidden}"))
    })
}

impl Server {
    fn read(info: &str, native: Option<bool>) -> Self {
        let field = |name: &str| {
            let lines = info.lines().filter_map(|line| line.split_once(':'));
            lines.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value.trim())
        };
        let redis = version(field("redis_version"));
        let valkey = version(field("valkey_version"));
        let native = native.unwrap_or(valkey >= (8, 1) || (valkey == (0, 0) && redis >= (8, 4)));
        let dialect = match redis {
            _ if native => Dialect::Native,
            redis if redis >= (7, 0) => Dialect::SetGet,
            _ => Dialect::Scripts,
        };
        Self {
            dialect,
            // The second is Valkey's.
            mode: match field("redis_mode").or(field("server_mode")) {
                Some("cluster") => Some(Mode::Cluster),
                Some("sentinel") => Some(Mode::Sentinel),
                _ => None,
            },
            is_replica: field("role") == Some("slave"),
            policy: field("maxmemory_policy").map(str::to_owned),
            forbidden: None,
        }
    }
}

/// Major and minor version; `(0, 0)` where there is none.
fn version(text: Option<&str>) -> (u32, u32) {
    let mut parts = text.unwrap_or("").split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_follows_from_the_version_where_the_probe_says_nothing() {
        let dialect = |info: &str, native| Server::read(info, native).dialect;
        assert_eq!(dialect("redis_version:6.2.14\r\n", None), Dialect::Scripts);
        assert_eq!(dialect("redis_version:7.0.15\r\n", None), Dialect::SetGet);
        assert_eq!(dialect("redis_version:8.4.0\r\n", None), Dialect::Native);
        let valkey = "redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n";
        assert_eq!(dialect(valkey, None), Dialect::SetGet);
        assert_eq!(dialect(&valkey.replace("8.0.1", "8.1.0"), None), Dialect::Native);
        assert_eq!(dialect(&valkey.replace("8.0.1", "9.0.0"), None), Dialect::Native);
        // The version that Valkey calls itself Redis by says nothing.
        let pretends = valkey.replace("7.2.4", "9.0.0");
        assert_eq!(dialect(&pretends, None), Dialect::SetGet);
        assert_eq!(dialect("redis_version:6.2.14\r\n", Some(true)), Dialect::Native);
        assert_eq!(dialect("redis_version:9.9.9\r\n", Some(false)), Dialect::SetGet);
        assert_eq!(dialect("", Some(false)), Dialect::Scripts);
    }

    #[test]
    fn role_and_policy_are_read() {
        let server = Server::read("role:slave\r\nmaxmemory_policy:allkeys-lru\r\n", None);
        assert!(server.is_replica);
        assert_eq!(server.policy.as_deref(), Some("allkeys-lru"));
        let server = Server::read("role:master\r\n", None);
        assert!(!server.is_replica);
        assert_eq!(server.policy, None);
    }

    #[test]
    fn what_does_not_stand_alone_says_so() {
        let mode = |info: &str| Server::read(info, None).mode;
        assert_eq!(mode("redis_mode:cluster\r\n"), Some(Mode::Cluster));
        assert_eq!(mode("server_mode:cluster\r\n"), Some(Mode::Cluster));
        assert_eq!(mode("redis_mode:sentinel\r\n"), Some(Mode::Sentinel));
        assert_eq!(mode("redis_mode:standalone\r\n"), None);
        assert_eq!(mode(""), None);
        assert!(sends_away(Some("MOVED")) && !sends_away(Some("READONLY")) && !sends_away(None));
    }

    #[test]
    fn what_is_forbidden_is_told_without_what_was_sent() {
        let no_right = "User u has no permissions to run the 'set' command";
        assert_eq!(forbids(Some("NOPERM"), Some(no_right)).as_deref(), Some(no_right));
        let unknown = "unknown command 'SET', with args beginning with: 'key' 'secret'";
        assert_eq!(forbids(Some("ERR"), Some(unknown)).as_deref(), Some("unknown command 'SET'"));
        // These may pass.
        assert_eq!(forbids(Some("READONLY"), Some("You can't write against a replica")), None);
        assert_eq!(forbids(Some("OOM"), None), None);
    }

    #[test]
    fn what_a_script_may_not_is_told_by_its_command() {
        let answer = |command: &str, said: &str| {
            let parts = ["PSETEX", "ERR invalid expire time", command, said];
            inside_of_script(&Value::Array(
                parts.map(|part| Value::BulkString(part.into())).to_vec(),
            ))
        };
        assert_eq!(
            answer("PTTL", "NOPERM no permissions").as_deref(),
            Some("PTTL in a script: NOPERM no permissions")
        );
        assert_eq!(answer("PTTL", "LOADING the dataset"), None);
        assert_eq!(inside_of_script(&Value::Int(1)), None);
    }
}
