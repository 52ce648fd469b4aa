//! Every file of the corpus, through the function that libFuzzer calls: what fuzzing has found stays found, with
//! no fuzzer at hand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuzz_properties::{TARGETS, Target, virtqueue};
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names in a directory, without what stands behind their last dot.
fn stems(directory: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(directory)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| stem(entry.unwrap().path())).collect()
}

/// The files of a target's corpus, by their names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(fuzz().join("corpus").join(target)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn run(name: &str) {
    let Target { check, .. } = TARGETS.into_iter().find(|target| target.name == name).unwrap();
    let files = corpus(name);
    assert!(files.len() >= 20, "only {} files", files.len());
    let bad = files.iter().filter(|(_, input)| catch_unwind(|| check(input)).is_err());
    let bad: Vec<_> = bad.map(|(path, _)| path.display().to_string()).collect();
    assert!(bad.is_empty(), "what failed: {bad:#?}");
    // An input that is cut short is one, too.
    for (_, input) in &files {
        check(input.get(..input.len() / 2).unwrap());
    }
}

#[test]
fn block_device_corpus() {
    run("block_device");
}

#[test]
fn console_corpus() {
    run("console");
}

#[test]
fn parameters_corpus() {
    run("parameters");
}

#[test]
fn replay_corpus() {
    run("replay");
}

#[test]
fn virtqueue_corpus() {
    run("virtqueue");
}

/// libFuzzer would be too slow for it: the way to where indexes wrap is long.
#[test]
fn virtqueue_corpus_where_indexes_wrap() {
    for (_, input) in corpus("virtqueue").iter().step_by(16) {
        virtqueue::check_where_indexes_wrap(input);
    }
}

#[test]
fn every_target_has_a_file_a_corpus_and_an_entry() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(stems("fuzz_targets"), names);
    assert_eq!(stems("corpus"), names);
    assert!(stems("dictionaries").is_subset(&names));
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in &names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let source = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("fuzz_properties::{name}::check(data)")), "{name}");
    }
}
