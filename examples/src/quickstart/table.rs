//! A table of two columns, for a terminal or a file.

use std::fmt::Write as _;

use super::money;

/// Marks up text for a terminal, or leaves it plain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) colour: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Good,
    Bad,
}

impl Paint {
    pub(super) fn on(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => "1",
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Plain => return text.to_owned(),
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A label and a cell in each column; a cell can have several lines.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) cells: [Vec<String>; 2],
    pub(super) inks: [Ink; 2],
}

impl Row {
    pub(super) fn of(label: &'static str, bare: usize, guarded: usize) -> Self {
        let cells = [bare, guarded].map(|count| vec![money::grouped(count as u128)]);
        Self { label, cells, inks: [Ink::Plain; 2] }
    }

    /// A row that only the protected half can fill.
    pub(super) fn guarded(label: &'static str, guarded: usize) -> Self {
        let mut row = Self::of(label, 0, guarded);
        row.cells[0] = vec!["-".to_owned()];
        row
    }

    /// A row where every count is a fault.
    pub(super) fn fault(label: &'static str, bare: usize, guarded: usize) -> Self {
        let ink = |count| if count == 0 { Ink::Good } else { Ink::Bad };
        Self { inks: [ink(bare), ink(guarded)], ..Self::of(label, bare, guarded) }
    }
}

const HEADS: [&str; 2] = ["without", "#[idempotent]"];

/// The rows under their heads.
pub(super) fn render(rows: &[Row], paint: Paint) -> String {
    let label = rows.iter().map(|row| row.label.len()).max().unwrap_or(0);
    let widths = [0, 1].map(|column| {
        let cells = rows.iter().flat_map(|row: &Row| &row.cells[column]).map(String::len);
        cells.chain([HEADS[column].len()]).max().unwrap_or(0)
    });
    let width = label + widths[0] + widths[1] + 6;
    let mut text = String::new();
    let mut line = |label_text: &str, cells: [&str; 2], inks: [Ink; 2]| {
        let _ = write!(text, "  {label_text:label$}");
        for column in [0, 1] {
            let cell = cells[column];
            let pad = " ".repeat(widths[column].saturating_sub(cell.len()));
            let _ = write!(text, "   {pad}{}", paint.on(inks[column], cell));
        }
        text.push('\n');
    };
    line("", HEADS, [Ink::Bold; 2]);
    let rule = "-".repeat(width);
    line(&rule, ["", ""], [Ink::Plain; 2]);
    for row in rows {
        let height = row.cells[0].len().max(row.cells[1].len());
        for at in 0..height {
            let cell = |column: usize| row.cells[column].get(at).map_or("", String::as_str);
            let label = if at == 0 { row.label } else { "" };
            line(label, [cell(0), cell(1)], row.inks);
        }
    }
    text.lines().map(str::trim_end).fold(String::new(), |all, line| all + line + "\n")
}
