//! The scripts, by their hashes; a server that has lost one is given it again.

use redis::{Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind, Value};

use super::connection::Connected;

/// The scripts of one store, hashed once.
pub(super) struct Scripts {
    pub(super) claim: Lua,
    pub(super) takeover: Lua,
    pub(super) renew: Lua,
    pub(super) swap: Lua,
    pub(super) purge: Lua,
    pub(super) get: Lua,
    pub(super) count: Count,
}

/// Those of records that count.
pub(super) struct Count {
    pub(super) claim: Lua,
    pub(super) renew: Lua,
    pub(super) renew_in_full: Lua,
    pub(super) complete: Lua,
    pub(super) release: Lua,
    pub(super) purge: Lua,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            claim: Lua::new(include_str!("scripts/claim.lua")),
            takeover: Lua::new(include_str!("scripts/takeover.lua")),
            renew: Lua::new(include_str!("scripts/renew.lua")),
            swap: Lua::new(include_str!("scripts/swap.lua")),
            purge: Lua::new(include_str!("scripts/purge.lua")),
            get: Lua::new(include_str!("scripts/get.lua")),
            count: Count::new(),
        }
    }
}

/// A script with what those of its kind begin with; the two of every call do without.
macro_rules! counting {
    ($file:literal) => {
        concat!(include_str!("scripts/count/shared.lua"), include_str!($file))
    };
}

impl Count {
    fn new() -> Self {
        const RENEW: &str = counting!("scripts/count/renew.lua");
        // It writes, and yet a full server is to answer it.
        const RENEW_IN_FULL: &str =
            concat!("#!lua flags=allow-oom\n", counting!("scripts/count/renew.lua"));
        Self {
            claim: Lua::new(include_str!("scripts/count/claim.lua")),
            renew: Lua::new(RENEW),
            renew_in_full: Lua::new(RENEW_IN_FULL),
            complete: Lua::new(include_str!("scripts/count/complete.lua")),
            release: Lua::new(counting!("scripts/count/release.lua")),
            purge: Lua::new(counting!("scripts/count/purge.lua")),
        }
    }
}

/// One script.
pub(super) struct Lua {
    code: &'static str,
    hash: String,
}

impl Lua {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, hash: Script::new(code).get_hash().to_owned() }
    }

    /// Runs the script on one key, first as [`run`](Self::run) does for a server that has lost it.
    pub(super) async fn run_both_ways(
        &self,
        connected: &mut Connected,
        key: &str,
    ) -> RedisResult<Value> {
        connected.query(&command("EVAL", self.code, key, &|_| {})).await?;
        self.run(connected, key, |_| {}).await
    }

    /// Runs the script on one key.
    pub(super) async fn run(
        &self,
        connected: &mut Connected,
        key: &str,
        arguments: impl Fn(&mut Cmd),
    ) -> RedisResult<Value> {
        match connected.query(&command("EVALSHA", &self.hash, key, &arguments)).await {
            // EVAL also puts the script into the cache.
            Err(error) if is_unknown_script(&error) => {
                let command = command("EVAL", self.code, key, &arguments);
                Box::pin(connected.query(&command)).await
            }
            answer => answer,
        }
    }
}

fn command(verb: &str, script: &str, key: &str, arguments: &impl Fn(&mut Cmd)) -> Cmd {
    let mut command = Cmd::with_capacity(8, 512);
    command.arg(verb).arg(script).arg(1).arg(key);
    arguments(&mut command);
    command
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
