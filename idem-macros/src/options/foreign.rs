//! Options that the strategy does not use.

use super::Options;
use super::table::OptionName;
use crate::errors::Errors;

impl Options {
    /// Tells the options that the strategy does not use, and nothing else of them: what their values
    /// should be is of no use to anybody.
    pub(super) fn refuse_foreign(&mut self, errors: &mut Errors) {
        let Some(strategy) = self.strategy else { return };
        let joins = self.wrote(OptionName::Tx);
        let foreign = self.written.iter().filter_map(|(row, span, told)| {
            let in_transaction = || joins.then(|| row.foreign_in_transaction()).flatten();
            Some((row.foreign_to(strategy).or_else(in_transaction)?, *span, told, row.option))
        });
        let foreign: Vec<_> = foreign.collect();
        for (_, _, told, _) in foreign.iter().rev() {
            errors.forget((*told).clone());
        }
        let mut unused = Vec::new();
        for (message, span, _, option) in foreign {
            errors.at(span, message);
            unused.push(option);
        }
        for option in unused {
            self.unset(option);
        }
    }

    /// Forgets a value that would be held against the function or other options.
    fn unset(&mut self, option: OptionName) {
        match option {
            OptionName::Lease => self.lease = None,
            OptionName::OnErr => self.on_err = None,
            OptionName::OnCancel => self.on_cancel = None,
            OptionName::Token => self.token = None,
            OptionName::Entity => self.entity = None,
            OptionName::Tx => self.tx = None,
            _ => {}
        }
    }
}
