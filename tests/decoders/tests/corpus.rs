//! Every file of the corpus, by the decoder that its folder is named after: what libFuzzer came upon holds in
//! each run of the tests, without it.

use std::path::{Path, PathBuf};
use std::{fs, panic};

/// What one file is allowed, in bytes.
const LONGEST: usize = 4096;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn each_decoder_keeps_its_rules() {
    let mut failed = Vec::new();
    for (name, decoder) in decoders::ALL {
        let files = entries(&corpus().join(name));
        let mut taken = 0;
        for file in &files {
            let bytes = fs::read(file).unwrap();
            assert!(bytes.len() <= LONGEST, "{} has {} bytes", file.display(), bytes.len());
            match panic::catch_unwind(|| decoder(&bytes)) {
                Ok(is_taken) => taken += usize::from(is_taken),
                Err(_) => failed.push(file.clone()),
            }
        }
        println!("{name}: {} files, {taken} of them taken", files.len());
        // Of another format, or expired, all would be refused and nothing be tested.
        assert!(taken > 0 && taken < files.len(), "{name}: {taken} of {} are taken", files.len());
    }
    assert!(failed.is_empty(), "these break a rule: {failed:#?}");
}

#[test]
fn each_decoder_has_a_target_and_a_corpus() {
    let names = |folder: &Path| -> Vec<_> {
        let paths = entries(folder).into_iter();
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let all = decoders::ALL.map(|(name, _)| name);
    assert_eq!(names(&corpus()), all);
    assert_eq!(names(&corpus().join("../fuzz_targets")), all);
}
