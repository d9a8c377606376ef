//! `idem::testing::explore` on handlers that are safe, and on handlers that are not.

mod caught;
mod course;
mod database;
mod safe;
mod world;

/// A provider that charges whatever it is asked to, and dedupes on a key where it is given one.
#[derive(Debug, Default)]
pub(crate) struct Bank {
    charges: std::sync::Mutex<Vec<Option<String>>>,
}

impl Bank {
    /// Charges at once.
    pub(crate) fn charge(&self, key: Option<String>) {
        let mut charges = self.charges.lock().expect("no charge panics");
        if key.is_none() || !charges.contains(&key) {
            charges.push(key);
        }
    }

    /// Charges between two waits, as a provider over a network does.
    pub(crate) async fn charge_slowly(&self, key: Option<String>) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        self.charge(key);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    pub(crate) fn charges(&self) -> usize {
        self.charges.lock().expect("no charge panics").len()
    }
}

/// What is caught in the exploration of a closure: its panic's message.
pub(crate) fn caught(explored: impl Future<Output = ()> + Send + 'static) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let thread = std::thread::spawn(move || runtime.block_on(explored));
    let panic = thread.join().expect_err("the handler is not safe");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
    }
}
