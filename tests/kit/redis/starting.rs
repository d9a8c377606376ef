use std::path::Path;

use super::{Flavour, Server};
use crate::{port, supervisor::Supervisor};

/// What every server is told, in the words of its configuration file.
const CONFIGURATION: &[(&str, &str)] = &[
    ("bind", "127.0.0.1"),
    ("save", ""),
    ("daemonize", "no"),
    ("appendfsync", "always"),
    // A test that must know what a full or a slow server does makes one.
    ("enable-debug-command", "yes"),
    // The server looks for a signal this often a second: a test waits for its end.
    ("hz", "100"),
    ("repl-diskless-sync-delay", "0"),
    ("shutdown-timeout", "0"),
];

/// A server that is about to be started.
#[derive(Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Starting {
    flavour: Flavour,
    password: Option<String>,
    configuration: Vec<(String, String)>,
}

impl Starting {
    pub(super) fn new(flavour: Flavour) -> Self {
        Self { flavour, password: None, configuration: Vec::new() }
    }

    /// Sets a line of the server's configuration.
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.configuration.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Asks clients for a password (`requirepass`); it is in the [url](Server::url).
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.config("requirepass", password)
    }

    /// Makes it a replica of another server; see [`Client::wait_until_replicating`](super::Client::wait_until_replicating).
    pub fn replica_of(mut self, primary: &Server) -> Self {
        if let Some(password) = &primary.password {
            self = self.config("masterauth", password);
        }
        self.config("replicaof", &format!("127.0.0.1 {}", primary.port))
    }

    /// Starts it, and returns when it answers.
    ///
    /// # Panics
    ///
    /// When it isn't installed or doesn't start, with its log.
    #[must_use]
    pub fn start(self) -> Server {
        let program = self.flavour.program();
        for _ in 0..10 {
            let port = port::free();
            let supervisor = Supervisor::new(&[], |folder| self.command(&program, port, folder));
            let mut server =
                Server { flavour: self.flavour, port, password: self.password.clone(), supervisor };
            server.supervisor.start();
            if server.answers() {
                return server;
            }
            let log = server.supervisor.log();
            assert!(log.contains("Address already in use"), "{server:?} didn't start:\n{log}");
        }
        panic!("ten free ports in a row were taken by others");
    }

    /// The whole command line: all of the configuration is in it.
    fn command(&self, program: &Path, port: u16, folder: &Path) -> Vec<String> {
        let (port, folder) = (port.to_string(), folder.display().to_string());
        let own = [("port", &*port), ("dir", &*folder)];
        let asked_for = self.configuration.iter().map(|(name, value)| (&**name, &**value));
        let mut command = vec![program.display().to_string()];
        for (name, value) in CONFIGURATION.iter().copied().chain(own).chain(asked_for) {
            command.push(format!("--{name}"));
            // Two values, and as arguments each is a word of its own.
            match name {
                "replicaof" | "rename-command" => {
                    command.extend(value.split(' ').map(str::to_owned));
                }
                _ => command.push(value.to_owned()),
            }
        }
        command
    }
}
