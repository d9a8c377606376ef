use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time;

use crate::{http::Request, port, supervisor::Supervisor};

/// How long a call may take on a machine that is busy. Most take some 5 ms.
const DEADLINE: Duration = Duration::from_secs(30);

/// How Chromium is started: without a window, and asking nobody outside for anything.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // Clicks count from the first moment, not from the first picture.
    "--allow-pre-commit-input",
    // A name under which pages are not trustworthy, as every loopback address is.
    "--host-resolver-rules=MAP *.test 127.0.0.1",
];

/// chromedriver and its Chromium. Both are gone when it is dropped, or when the process is.
pub(super) struct Driver {
    supervisor: Supervisor,
    address: SocketAddr,
    session: String,
}

/// What chromedriver answers instead of a value.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

impl Driver {
    /// Starts both.
    ///
    /// # Panics
    ///
    /// When they aren't installed or don't start, with their log.
    pub(super) async fn start() -> Self {
        for _ in 0..10 {
            let port = port::free();
            let mut supervisor = Supervisor::new(&[], |folder| {
                let port = format!("--port={port}");
                // Chromium leaves files of its own there, which go with the folder.
                let temporary = format!("TMPDIR={}", folder.display());
                let driver = ["env", &temporary, "chromedriver", &port, "--log-level=WARNING"];
                driver.map(str::to_owned).to_vec()
            });
            supervisor.start();
            let address = (Ipv4Addr::LOCALHOST, port).into();
            let mut driver = Self { supervisor, address, session: String::new() };
            if driver.answers().await {
                driver.session = driver.open().await;
                return driver;
            }
            let log = driver.supervisor.log();
            assert!(log.contains("in use"), "{driver:?} didn't start:\n{log}");
        }
        panic!("ten free ports in a row were taken by others");
    }

    /// Whether it is this chromedriver that answers there.
    async fn answers(&mut self) -> bool {
        for _ in 0..1000 {
            if let Ok(stream) = tokio::net::TcpStream::connect(self.address).await {
                drop(stream);
                return self.supervisor.is_running();
            }
            if !self.supervisor.is_running() {
                return false;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    async fn open(&mut self) -> String {
        let profile = self.supervisor.folder().join("profile");
        let answer = self.call("POST", "/session", &capabilities(&profile)).await;
        let session = answer.unwrap_or_else(|refused| panic!("{self:?}: {}", refused.0));
        format!("/session/{}", session["sessionId"].as_str().expect("a session's id"))
    }

    /// A call of the session that was opened, such as `/url`.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        self.call(method, &format!("{}{path}", self.session), body).await
    }

    /// A command of the tab's `DevTools`.
    pub(super) async fn devtools(
        &self,
        command: &str,
        parameters: Value,
    ) -> Result<Value, Refused> {
        let body = json!({ "cmd": command, "params": parameters });
        self.ask("POST", "/goog/cdp/execute", &body).await
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, Refused> {
        let request = Request::new(method, path);
        let request = if method == "POST" { request.json(&body.to_string()) } else { request };
        let Ok(answer) = time::timeout(DEADLINE, request.send(self.address)).await else {
            panic!(
                "{method} {path} {body}: no answer in {DEADLINE:?} from {self:?}:\n{}",
                self.supervisor.log()
            );
        };
        let mut document: Value = serde_json::from_slice(&answer.body).expect("JSON");
        match answer.status {
            200 => Ok(document["value"].take()),
            _ => Err(Refused(format!("{method} {path} {body}: {}", document["value"]["message"]))),
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chromedriver at {}", self.address)
    }
}

fn capabilities(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments: Vec<_> = ARGUMENTS.iter().copied().chain([&*profile]).collect();
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        // No call waits for a page: a test waits for what it wants to see.
        "pageLoadStrategy": "none",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": { "args": arguments },
    } } })
}
