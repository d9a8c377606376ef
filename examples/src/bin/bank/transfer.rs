//! What is delivered, and what it must come to.

/// How many accounts there are.
pub(crate) const ACCOUNTS: u32 = 10;
/// What each of them has at the beginning, in cents.
pub(crate) const START: i64 = 100_000;
const TRANSFERS: u32 = 400;

/// An order to move money.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) cents: i64,
}

/// The same in each process.
pub(crate) fn all_transfers() -> Vec<Transfer> {
    let transfer = |number: u32| {
        let from = number * 7 % ACCOUNTS;
        let to = (from + 1 + number * 3 % (ACCOUNTS - 1)) % ACCOUNTS;
        Transfer {
            id: format!("T{number:04}"),
            from: from.into(),
            to: to.into(),
            cents: (100 + number % 250).into(),
        }
    };
    (0..TRANSFERS).map(transfer).collect()
}

/// What the accounts have when each transfer is made once.
pub(crate) fn balances(transfers: &[Transfer]) -> Vec<i64> {
    let balance = |account: i64| {
        let changes = transfers.iter().map(|transfer| match account {
            _ if transfer.from == account => -transfer.cents,
            _ if transfer.to == account => transfer.cents,
            _ => 0,
        });
        START + changes.sum::<i64>()
    };
    (0..ACCOUNTS).map(|account| balance(account.into())).collect()
}
