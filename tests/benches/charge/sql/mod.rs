//! What one writes with sqlx: a table with a unique key, a claim that commits, a completion that
//! checks the owner and commits. No renewal, no takeover, no fingerprint, no fence, no checksum, no
//! retry.

mod dialects;
mod same;

use idem::Idem;
use sqlx::{MySql, Pool, Postgres, Sqlite};

use super::{Guard, Receipt, body};

/// The three statements that it takes, in a database's own words.
pub(crate) trait Statements: sqlx::Database {
    /// Makes the table, and the index that whoever tidies it needs.
    const TABLE: &str;

    /// Inserts the claim; whether the key was free.
    fn claim(pool: &Pool<Self>, key: &str, owner: u128) -> impl Future<Output = bool> + Send;
    /// Puts the result into the owner's claim; whether it still stands.
    fn complete(
        pool: &Pool<Self>,
        key: &str,
        owner: u128,
        result: &[u8],
    ) -> impl Future<Output = bool> + Send;
    /// The library's call in a transaction of its caller's, which commits.
    fn joined(
        idem: &Idem,
        pool: &Pool<Self>,
        work: Work,
        order: u64,
    ) -> impl Future<Output = Receipt> + Send;
    /// The same by hand.
    fn by_hand_in_tx(
        pool: &Pool<Self>,
        key: &str,
        by: By,
        work: Work,
        order: u64,
    ) -> impl Future<Output = Receipt> + Send;
    /// The result.
    fn get(pool: &Pool<Self>, key: &str) -> impl Future<Output = Vec<u8>> + Send;
}

/// Guards by hand: two statements for a fresh call, each its own commit.
#[derive(Debug)]
pub(crate) struct ByHand<DB: Statements>(pub(crate) Pool<DB>);

/// What is done in a caller's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// The body.
    Body,
    /// A transition of an order that the transaction has placed, and the body.
    Transition,
}

/// How it is done by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// It can't be undone without the rest of the transaction.
    Hand,
    /// Inside of a savepoint, as the library's is.
    HandInSavepoint,
    /// The same by the library's statements.
    OurStatements,
}

/// The library, in its caller's transaction.
#[derive(Debug)]
pub(crate) struct Joined<DB: Statements>(pub(crate) Idem, pub(crate) Pool<DB>, pub(crate) Work);

/// Claim, body and result in one transaction, by hand.
#[derive(Debug)]
pub(crate) struct ByHandInTx<DB: Statements>(pub(crate) Pool<DB>, pub(crate) By, pub(crate) Work);

impl<DB: Statements> Guard for Joined<DB> {
    async fn charge(&self, order: u64) -> Receipt {
        DB::joined(&self.0, &self.1, self.2, order).await
    }
}

impl<DB: Statements> Guard for ByHandInTx<DB> {
    async fn charge(&self, order: u64) -> Receipt {
        let Self(pool, by, work) = self;
        DB::by_hand_in_tx(pool, &format!("in_tx:{by:?}:{order}"), *by, *work, order).await
    }
}

impl<DB: Statements> Clone for Joined<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1.clone(), self.2)
    }
}

impl<DB: Statements> Clone for ByHandInTx<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1, self.2)
    }
}

/// Asks for a result that is known to be there: one plain `select`.
#[derive(Debug)]
pub(crate) struct Select<DB: Statements>(pub(crate) Pool<DB>);

impl<DB: Statements> Guard for ByHand<DB> {
    async fn charge(&self, order: u64) -> Receipt {
        let (key, owner) = (key(order), rand::random());
        if !DB::claim(&self.0, &key, owner).await {
            return Select(self.0.clone()).charge(order).await;
        }
        let receipt = body(order).await;
        let result = serde_json::to_vec(&receipt).expect("a receipt");
        assert!(DB::complete(&self.0, &key, owner, &result).await, "the claim stands");
        receipt
    }
}

impl<DB: Statements> Guard for Select<DB> {
    async fn charge(&self, order: u64) -> Receipt {
        let result = DB::get(&self.0, &key(order)).await;
        serde_json::from_slice(&result).expect("a receipt")
    }
}

fn key(order: u64) -> String {
    format!("hand:charge:{order}")
}

impl<DB: Statements> Clone for ByHand<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<DB: Statements> Clone for Select<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
