use std::fmt;

/// A median and its quartiles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// The least of them: of times, what the machine can do when nothing else runs.
    pub(crate) least: f64,
    low: f64,
    /// Half of the values are less.
    pub(crate) median: f64,
    high: f64,
}

impl Spread {
    /// Of these values, in whatever order.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |quarters: usize| values[(values.len() - 1) * quarters / 4];
        Self { least: at(0), low: at(1), median: at(2), high: at(3) }
    }
}

/// `1.02 (0.99–1.05)`, with the formatter's precision.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { low, median, high, .. } = self;
        write!(f, "{median:.digits$} ({low:.digits$}–{high:.digits$})")
    }
}
