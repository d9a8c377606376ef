//! What a person's hands do.

use serde_json::json;

use super::Browser;

/// A point of the page that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    x: f64,
    y: f64,
}

impl Browser {
    /// Clicks on the middle of an element.
    pub async fn click(&mut self, selector: &str) {
        self.click_again(selector, 1).await;
    }

    /// Clicks on it twice, as fast as a hand can.
    pub async fn double_click(&mut self, selector: &str) {
        self.click_again(selector, 1).await;
        self.click_again(selector, 2).await;
    }

    /// One of several clicks that the system takes for one gesture: the second of a double click.
    pub async fn click_again(&mut self, selector: &str, number: u32) {
        let middle = self.middle_of(selector).await;
        self.click_at(middle, number).await;
    }

    /// The same where [the middle](Self::middle_of) was found before: while a page waits for the
    /// next one it can't be asked.
    pub async fn click_at(&mut self, Point { x, y }: Point, number: u32) {
        for half in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": half, "x": x, "y": y, "button": "left", "clickCount": number,
            });
            self.devtools("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Where to click for an element, once it is there.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub async fn middle_of(&mut self, selector: &str) -> Point {
        self.sees(format!("document.querySelector({selector:?}) !== null")).await;
        let place = format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                element.scrollIntoView({{ block: 'center' }});
                const {{ x, y, width, height }} = element.getBoundingClientRect();
                return [x + width / 2, y + height / 2];
            }})()"
        );
        let [x, y] = serde_json::from_value(self.eval(&place).await).expect("a place");
        Point { x, y }
    }

    /// Writes into a field, in place of what is there.
    pub async fn write(&mut self, selector: &str, text: &str) {
        self.eval(&format!("document.querySelector({selector:?}).select()")).await;
        self.eval(&format!("document.querySelector({selector:?}).focus()")).await;
        self.devtools("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses Enter in a field or on a button, and holds it until it has repeated so often.
    pub async fn hold_enter(&mut self, selector: &str, repeats: u32) {
        self.eval(&format!("document.querySelector({selector:?}).focus()")).await;
        for number in 0..=repeats {
            self.enter(json!({ "type": "keyDown", "text": "\r", "autoRepeat": number > 0 })).await;
        }
        self.enter(json!({ "type": "keyUp" })).await;
    }

    async fn enter(&mut self, mut event: serde_json::Value) {
        event["key"] = "Enter".into();
        event["code"] = "Enter".into();
        event["windowsVirtualKeyCode"] = 13.into();
        self.devtools("Input.dispatchKeyEvent", event).await;
    }

    /// Chooses a file in a field.
    pub async fn choose_file(&mut self, selector: &str, file: &std::path::Path) {
        let document = self.devtools("DOM.getDocument", json!({})).await;
        let asked = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
        let field = self.devtools("DOM.querySelector", asked).await;
        let chosen = json!({ "nodeId": field["nodeId"], "files": [file] });
        self.devtools("DOM.setFileInputFiles", chosen).await;
    }

    /// Loads the page again.
    pub async fn reload(&mut self) {
        self.devtools("Page.reload", json!({})).await;
    }

    /// Goes forward by so many pages, or back where they are less than none.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn go(&mut self, by: i64) {
        let history = self.devtools("Page.getNavigationHistory", json!({})).await;
        let index = history["currentIndex"].as_i64().expect("an index") + by;
        let entry = usize::try_from(index).ok().and_then(|index| history["entries"].get(index));
        let entry = entry.expect("a page there")["id"].clone();
        self.devtools("Page.navigateToHistoryEntry", json!({ "entryId": entry })).await;
    }

    /// Takes the tab's connection away, or gives it back.
    pub async fn set_offline(&mut self, offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.emulateNetworkConditions", conditions).await;
    }

    /// Forbids the tab's scripts, or allows them again.
    pub async fn set_scripts(&mut self, allowed: bool) {
        let forbidden = json!({ "value": !allowed });
        self.devtools("Emulation.setScriptExecutionDisabled", forbidden).await;
    }
}
