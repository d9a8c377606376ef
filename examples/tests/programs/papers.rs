//! The README and the guide show code that compiles (each line of their Rust blocks is in `tour`, or
//! in `grpc`), and every link of the project's papers leads somewhere.

use std::fs;
use std::path::{Path, PathBuf};

/// A line's text, whatever its layout.
fn squeeze(line: &str) -> String {
    let line = line.trim().trim_end_matches(',');
    line.replace("pub ", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(squeeze).filter(|line| !line.is_empty()).collect()
}

/// The lines of each Rust block of a paper.
fn blocks(paper: &str) -> Vec<Vec<String>> {
    paper
        .split("```rust\n")
        .skip(1)
        .map(|block| lines(block.split("```").next().unwrap_or("")))
        .collect()
}

fn papers() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_dir(root.join("docs/guide")).expect("the guide");
    let mut papers: Vec<_> = guide.map(|page| page.expect("a page").path()).collect();
    papers.push(root.join("README.md"));
    papers
}

#[test]
fn every_line_of_rust_in_the_papers_is_in_the_tour() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let folders = ["tour", "grpc"].map(|name| fs::read_dir(examples.join(name)).expect("a folder"));
    let stops = folders.into_iter().flatten().map(|stop| stop.expect("a file").path());
    let tour: Vec<_> =
        stops.flat_map(|stop| lines(&fs::read_to_string(stop).expect("a file"))).collect();
    let mut checked = 0;
    for paper in papers() {
        for block in blocks(&fs::read_to_string(&paper).expect("a paper")) {
            checked += 1;
            let missing: Vec<_> = block.iter().filter(|line| !tour.contains(line)).collect();
            assert!(missing.is_empty(), "{}: not in the tour: {missing:#?}", paper.display());
        }
    }
    assert!(checked >= 5, "only {checked} blocks were found");
}

/// The relative links of a paper: what stands in `](…)`, less its fragment.
fn links(paper: &str) -> Vec<&str> {
    let targets = paper.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or(""));
    files.filter(|file| !file.is_empty() && !file.contains("://")).collect()
}

#[test]
fn every_link_of_the_papers_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut papers = papers();
    let others = [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "docs/benchmarks.md",
        "docs/reliability.md",
        "peers/README.md",
    ];
    papers.extend(others.map(|name| root.join(name)));
    let records = fs::read_dir(root.join("docs/design")).expect("the records");
    papers.extend(records.map(|record| record.expect("a record").path()));
    let mut followed = 0;
    for paper in papers {
        for link in links(&fs::read_to_string(&paper).expect("a paper")) {
            followed += 1;
            let target = paper.with_file_name(link);
            assert!(target.exists(), "{}: {link} leads nowhere", paper.display());
        }
    }
    assert!(followed >= 20, "only {followed} links were found");
}
