//! Which function has which operation: on one engine, no two have the same.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::site::Site;

/// Which function has which operation.
#[derive(Debug, Default)]
pub(super) struct Register {
    sites: Mutex<HashMap<&'static str, &'static Site>>,
}

impl Register {
    /// Takes the site in, unless it is there.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming both places, when another function has the operation.
    pub(super) fn enter(&self, engine: usize, site: &'static Site) -> Result<(), Error> {
        if site.registered.load(Ordering::Relaxed) == engine {
            return Ok(());
        }
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *sites.entry(site.operation).or_insert(site);
        if !std::ptr::eq(first, site) {
            return Err(Error::config(format!(
                "two functions have the operation `{}`, so their keys would answer for each other: \
                 {} and {}; give one of them another leading literal in its key",
                site.operation, first.place, site.place,
            )));
        }
        site.registered.store(engine, Ordering::Relaxed);
        Ok(())
    }
}
