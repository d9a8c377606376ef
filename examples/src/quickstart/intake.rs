//! Reading a file of deliveries, line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use super::delivery::{Delivery, Event};
use super::problem::Problem;

/// The sample, so that a first run needs no file and works from any folder.
const SAMPLE: &str = include_str!("../../data/deliveries.jsonl");
const SAMPLE_NAME: &str = "examples/data/deliveries.jsonl";

/// No webhook is longer; a file without line ends is no file of deliveries.
const LONGEST_LINE: u64 = 1 << 20;

/// What a file held.
#[derive(Debug)]
pub(super) struct Intake {
    /// The file, as a person calls it.
    pub(super) name: String,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// A line that is no delivery.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Reads `file`; standard input for `-`, the sample for none.
///
/// # Errors
///
/// A file that can't be opened or read. A line that is no delivery is not an error.
pub(super) fn read(file: Option<&Path>) -> Result<Intake, Problem> {
    match file {
        None => read_lines(SAMPLE_NAME.to_owned(), SAMPLE.as_bytes()),
        Some(path) if path == "-" => read_lines("standard input".to_owned(), io::stdin().lock()),
        Some(path) => {
            let name = path.display().to_string();
            match File::open(path) {
                Ok(file) => read_lines(name, BufReader::new(file)),
                Err(source) => Err(Problem::Read { name, source }),
            }
        }
    }
}

fn read_lines(name: String, mut input: impl BufRead) -> Result<Intake, Problem> {
    let mut intake = Intake { name, deliveries: Vec::new(), unreadable: Vec::new() };
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        match next_line(&mut input, &mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(source) => return Err(Problem::Read { name: intake.name, source }),
        }
        let text = if line == 1 { bytes.strip_prefix(b"\xEF\xBB\xBF") } else { None };
        let text = text.unwrap_or(&bytes).trim_ascii();
        if !text.is_empty() {
            match delivery(text) {
                Ok(event) => intake.deliveries.push(Delivery { line, event }),
                Err(reason) => intake.unreadable.push(Unreadable { line, reason }),
            }
        }
    }
    Ok(intake)
}

/// Reads a line, and of one that is too long no more than shows that it is.
fn next_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut read = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', bytes)?;
    while bytes.len() as u64 > LONGEST_LINE && read > 0 && bytes.last() != Some(&b'\n') {
        bytes.truncate(usize::try_from(LONGEST_LINE).unwrap_or(usize::MAX));
        read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', bytes)?;
    }
    Ok(bytes.len())
}

fn delivery(text: &[u8]) -> Result<Event, String> {
    if text.len() as u64 >= LONGEST_LINE {
        return Err("longer than a mebibyte".to_owned());
    }
    let envelope = serde_json::from_slice(text).map_err(|error| {
        let said = error.to_string();
        let what = said.split(" at line ").next().unwrap_or_default();
        format!("not JSON: {what}, at column {}", error.column())
    })?;
    Event::read(&envelope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of lines, with the ids of the good ones and what the bad ones are told.
    type Lines = Vec<(usize, String)>;

    fn read(text: &[u8]) -> (Lines, Lines) {
        let intake = read_lines("test".to_owned(), text).unwrap();
        let good = intake.deliveries.into_iter().map(|delivery| (delivery.line, delivery.event.id));
        let bad = intake.unreadable.into_iter().map(|bad| (bad.line, bad.reason));
        (good.collect(), bad.collect())
    }

    const GOOD: &str = r#"{"id":"e","amount":1,"currency":"EUR"}"#;

    #[test]
    fn a_bad_line_is_told_by_its_number_and_costs_no_other() {
        let (good, bad) = read(format!("{GOOD}\n{{\"id\":\n\n{GOOD}\n").as_bytes());
        assert_eq!(good, [(1, "e".to_owned()), (4, "e".to_owned())]);
        assert_eq!(bad, [(2, "not JSON: EOF while parsing a value, at column 6".to_owned())]);
    }

    #[test]
    fn what_other_systems_do_to_text_files_does_no_harm() {
        let (good, bad) = read(format!("\u{feff}{GOOD}\r\n{GOOD}").as_bytes());
        assert_eq!((good.len(), bad.len()), (2, 0));
        let (good, bad) = read(b"\xff\xfe\n");
        assert_eq!((good.len(), bad.len()), (0, 1));
        assert_eq!(read(b""), (vec![], vec![]));
    }

    #[test]
    fn a_line_without_end_is_not_kept_in_memory() {
        let long = format!("{}\n{GOOD}\n", "x".repeat(5 << 20));
        let (good, bad) = read(long.as_bytes());
        assert_eq!(good, [(2, "e".to_owned())]);
        assert_eq!(bad, [(1, "longer than a mebibyte".to_owned())]);
    }

    #[test]
    fn the_sample_has_no_bad_line() {
        let intake = super::read(None).unwrap();
        assert_eq!(intake.unreadable, []);
        assert!(intake.deliveries.len() > 300);
    }
}
