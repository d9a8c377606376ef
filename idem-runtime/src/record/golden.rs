//! The stored format is frozen: these bytes are in people's stores.

use std::time::Duration;

use super::*;
use crate::key::Fingerprint;

/// Written by version 0.1.0: a name and the bytes in hexadecimal, one record a line.
const VERSION_1: &str = include_str!("golden/v1.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn golden() -> Vec<(&'static str, Vec<u8>)> {
    let lines = VERSION_1.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap()).map(|(name, hex)| (name, bytes(hex))).collect()
}

/// One record of each kind, with a value in every field.
fn records() -> Vec<(&'static str, Record)> {
    let start = Start {
        owner: Owner([7; 16]),
        lease: Duration::from_secs(30),
        retention: Duration::from_hours(24),
        fingerprint: Some(Fingerprint { scheme: 0x0123_4567_89ab_cdef, hash: [9; 32] }),
        holder: "host-1/4711",
        started: 1_800_000_000_123,
        counts: false,
    };
    let running = Record::running(&start, None);
    let again = Record::running(&start, Some(&running.freed()));
    let counts = Start { counts: true, ..start };
    let counted = Record::running(&counts, None);
    let counted_again = Record::running(&counts, Some(&counted));
    let settled =
        |state, content, codec| Header { codec: codec_name(codec), ..running.next(state, content) };
    let with = |content, body: &[u8]| {
        let header = settled(State::Completed, content, Some("json"));
        let written = Record::with_body(header, running.holder(), |out| {
            out.extend_from_slice(body);
            Ok(())
        });
        written.unwrap()
    };
    vec![
        ("running", running.clone()),
        ("free", running.freed()),
        ("running-again", again),
        ("success", with(Content::Success, br#"{"id":1}"#)),
        ("failure", with(Content::Failure, br#""Declined""#)),
        ("nothing", Record::of(settled(State::Completed, Content::Nothing, None), "host-1/4711")),
        (
            "not-stored",
            Record::of(settled(State::Completed, Content::NotStored, None), "host-1/4711"),
        ),
        ("counted", counted),
        ("counted-again", counted_again.clone()),
        ("counted-free", counted_again.freed()),
    ]
}

#[test]
fn version_1_is_written_and_read_as_it_always_was() {
    let (golden, records) = (golden(), records());
    let names: Vec<_> = golden.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, records.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, golden), (_, record)) in golden.iter().zip(&records) {
        assert_eq!(hex(record.as_bytes()), hex(golden), "{name} is written otherwise");
        let read = Record::from_bytes(golden);
        assert_eq!(read.header().unwrap(), record.header().unwrap(), "{name} is read otherwise");
        assert_eq!((read.holder(), read.body()), (record.holder(), record.body()), "{name}");
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    for (name, record) in records() {
        for at in 0..record.as_bytes().len() {
            for bit in 0..8 {
                let mut bytes = record.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let read = Record::from_bytes(&bytes);
                // A changed version may make it a newer one, whose running records are readable.
                assert!(read.header().is_err() || at == 4, "{name}: bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    for (name, record) in records() {
        for length in 0..record.as_bytes().len() {
            let read = Record::from_bytes(&record.as_bytes()[..length]);
            assert_eq!(read.state(), None, "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn a_newer_running_record_is_known_for_what_it_is_and_a_newer_result_is_not_read() {
    for (name, record) in records() {
        let mut bytes = record.as_bytes().to_vec();
        bytes[4] = 2;
        bytes.extend_from_slice(b"what a later version appends");
        let read = Record::from_bytes(&bytes);
        if record.state() == Some(State::Completed) {
            assert_eq!(read.header(), Err(Flaw::Newer(2)), "{name}");
        } else {
            assert_eq!(read.state(), record.state(), "{name}");
            assert_eq!((read.fence(), read.lease()), (record.fence(), record.lease()), "{name}");
        }
    }
}

#[test]
fn a_holder_is_cut_at_a_character() {
    let long = "ä".repeat(100);
    let start = Start {
        owner: Owner([7; 16]),
        lease: Duration::from_secs(30),
        retention: Duration::from_mins(1),
        fingerprint: None,
        holder: &long,
        started: 0,
        counts: false,
    };
    assert_eq!(Record::running(&start, None).holder(), "ä".repeat(32));
}

#[test]
fn every_codec_has_a_name_of_its_own_and_nothing_has_none() {
    let names = ["json", "fixed64", "eight888", "nine99999", "", "\0", "\0\0\0\0\0\0\0\0"];
    let kept: Vec<_> = names.iter().map(|name| codec_name(Some(name))).collect();
    assert_eq!(codec_name(None), NO_CODEC);
    for (at, name) in kept.iter().enumerate() {
        assert!(*name != NO_CODEC && !kept[..at].contains(name), "{:?}", names[at]);
    }
    assert_eq!((&kept[0], &kept[2]), (b"json\0\0\0\0", b"eight888"));
}
