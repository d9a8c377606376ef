//! Points in the memory of one instance.

use std::collections::{HashMap, HashSet};

use super::{Account, Entry};
use crate::user::User;

#[derive(Default)]
pub(crate) struct Books {
    entries: HashMap<String, Entry>,
    balances: HashMap<Account, u64>,
    revoked: HashSet<String>,
}

impl Books {
    pub(super) fn add(&mut self, id: &str, user: &User, account: &Account, points: u32) -> u64 {
        if let Some(entry) = self.entries.get(id) {
            return entry.balance;
        }
        let balance = self.balances.entry(account.clone()).or_default();
        *balance += u64::from(points);
        let entry =
            Entry { user: user.clone(), account: account.clone(), points, balance: *balance };
        self.entries.insert(id.to_owned(), entry);
        *balance
    }

    pub(super) fn entry(&self, id: &str) -> Option<Entry> {
        self.entries.get(id).cloned()
    }

    pub(super) fn balance(&self, account: &Account) -> u64 {
        self.balances.get(account).copied().unwrap_or(0)
    }

    pub(super) fn revoke(&mut self, user: &User) {
        self.revoked.insert(user.0.clone());
    }

    pub(super) fn has_access(&self, user: &User) -> bool {
        !self.revoked.contains(&user.0)
    }
}
