//! Options that the strategy does not use.

use super::Options;
use super::table::OptionName;
use crate::errors::Errors;

impl Options {
    /// Tells the options that the strategy does not use, and nothing else of them: what their values
    /// should be is of no use to anybody.
    pub(super) fn refuse_foreign(&self, errors: &mut Errors) {
        let Some(strategy) = self.strategy else { return };
        let joins = self.wrote(OptionName::Tx);
        let foreign = self.written.iter().filter_map(|(row, span, told)| {
            let in_transaction = || joins.then(|| row.foreign_in_transaction()).flatten();
            Some((row.foreign_to(strategy).or_else(in_transaction)?, *span, told))
        });
        let foreign: Vec<_> = foreign.collect();
        for (_, _, told) in foreign.iter().rev() {
            errors.forget((*told).clone());
        }
        for (message, span, _) in foreign {
            errors.at(span, message);
        }
    }
}
