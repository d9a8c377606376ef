//! Chromium, used as a person uses it: by a mouse, a keyboard and eyes.
//!
//! The tests of a process share two, and take turns: each has one for itself, with fresh tabs. A page
//! keeps nothing for another test whose server has another port, as every server here has.

mod driver;
mod hands;

use std::panic::Location;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::driver::{Driver, Refused};
pub use self::hands::Point;

/// How long what is to be seen may take on a machine that is busy.
const SOON: Duration = Duration::from_secs(20);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(10);

/// The browser, until it is dropped. It has one tab in front, which everything is about.
///
/// ```no_run
/// # async fn test(server: std::net::SocketAddr) {
/// let mut browser = kit::browser::Browser::start().await;
/// browser.open(&format!("http://{server}/")).await;
/// browser.click("button").await;
/// browser.sees("document.querySelector('p').textContent === 'Done.'").await;
/// # }
/// ```
#[derive(Debug)]
pub struct Browser {
    shared: OwnedMutexGuard<Option<Driver>>,
}

/// A tab that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab(String);

impl From<&Value> for Tab {
    fn from(handle: &Value) -> Self {
        Self(handle.as_str().unwrap_or_default().to_owned())
    }
}

impl Browser {
    /// Waits for its turn, and has one empty tab.
    ///
    /// # Panics
    ///
    /// When Chromium or chromedriver isn't installed or doesn't start.
    pub async fn start() -> Self {
        // Most of a test's time a browser waits; more of them would keep a small machine busy.
        static SHARED: LazyLock<[Arc<Mutex<Option<Driver>>>; 2]> = LazyLock::new(Default::default);
        let [one, other] = SHARED.each_ref().map(|shared| Arc::clone(shared).lock_owned());
        let mut shared = tokio::select! {
            shared = one => shared,
            shared = other => shared,
        };
        // Out of its place while it is asked: one that hangs is not given to the next test.
        let driver = match shared.take() {
            Some(driver) => driver,
            None => Driver::start().await,
        };
        let old = driver.ask("GET", "/window/handles", &Value::Null).await;
        *shared = Some(driver);
        let mut browser = Self { shared };
        let fresh = browser.new_tab().await;
        for tab in old.expect("tabs").as_array().into_iter().flatten() {
            browser.turn_to(&Tab::from(tab)).await;
            browser.ask("DELETE", "/window", Value::Null).await;
        }
        browser.turn_to(&fresh).await;
        browser
    }

    /// Opens another tab, in front.
    pub async fn new_tab(&mut self) -> Tab {
        let tab = self.ask("POST", "/window/new", json!({ "type": "tab" })).await;
        let tab = Tab::from(&tab["handle"]);
        self.turn_to(&tab).await;
        tab
    }

    /// The tab in front.
    pub async fn tab(&mut self) -> Tab {
        Tab::from(&self.ask("GET", "/window", Value::Null).await)
    }

    /// All tabs.
    pub async fn tabs(&mut self) -> Vec<Tab> {
        let tabs = self.ask("GET", "/window/handles", Value::Null).await;
        tabs.as_array().into_iter().flatten().map(Tab::from).collect()
    }

    /// Brings a tab to the front.
    pub async fn turn_to(&mut self, tab: &Tab) {
        self.ask("POST", "/window", json!({ "handle": tab.0 })).await;
        self.devtools("Page.bringToFront", json!({})).await;
    }

    /// Goes to an address, and waits until the page is there.
    pub async fn open(&mut self, url: &str) {
        self.devtools("Page.navigate", json!({ "url": url })).await;
        self.sees(format!("location.href === {url:?}")).await;
        self.sees("document.readyState === 'complete'").await;
    }

    /// What an expression of the page is, also where its policy forbids scripts.
    ///
    /// # Panics
    ///
    /// When it throws, or the page goes away meanwhile.
    pub async fn eval(&mut self, expression: &str) -> Value {
        let value = self.try_eval(expression).await;
        value.unwrap_or_else(|refused| panic!("{}", refused.0))
    }

    /// Waits until an expression of the page, or of the one that follows it, is true.
    ///
    /// # Panics
    ///
    /// When it does not come to be.
    #[track_caller]
    pub fn sees(&mut self, expression: impl Into<String>) -> impl Future<Output = ()> {
        let (expression, caller, begun) = (expression.into(), Location::caller(), Instant::now());
        async move {
            // While a page gives way to the next there is none to ask.
            while !self.try_eval(&expression).await.is_ok_and(|value| value == true) {
                if begun.elapsed() > SOON {
                    let page = self.try_eval("[location.href, document.body.innerText]").await;
                    panic!("{caller}: waited {SOON:?} in vain for {expression}, before {page:?}");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn try_eval(&mut self, expression: &str) -> Result<Value, Refused> {
        let asked = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
        });
        let mut answer = self.driver().devtools("Runtime.evaluate", asked).await?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(Refused(format!("{expression}: {thrown}"))),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// What the page's console has got since it was asked last: errors, and what a policy forbade.
    pub async fn console(&mut self) -> Vec<String> {
        let lines = self.ask("POST", "/se/log", json!({ "type": "browser" })).await;
        let messages = lines.as_array().into_iter().flatten().map(|line| &line["message"]);
        messages.map(|message| message.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A command of the tab's `DevTools`, for what a person does to the browser itself.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub async fn devtools(&mut self, command: &str, parameters: Value) -> Value {
        let answer = self.driver().devtools(command, parameters).await;
        answer.unwrap_or_else(|refused| panic!("{}", refused.0))
    }

    async fn ask(&mut self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.driver().ask(method, path, &body).await;
        answer.unwrap_or_else(|refused| panic!("{}", refused.0))
    }

    fn driver(&self) -> &Driver {
        self.shared.as_ref().expect("it is there until dropped")
    }
}
