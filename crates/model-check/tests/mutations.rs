//! The list of mutations fits the code. Whether the check finds them is for `cargo xtask mutants` to see.

use model_check::mutations::mutations;
use model_check::worlds;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_text_stands_once_in_its_file() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for mutation in mutations() {
        let source = std::fs::read_to_string(crates.join(mutation.file)).expect(mutation.file);
        let mutated = mutation.apply(&source).expect("a text of its own");
        assert_ne!(mutated, source, "{}", mutation.name);
    }
}

#[test]
fn there_are_enough_and_no_two_have_one_name() {
    let names: Vec<_> = mutations().iter().map(|mutation| mutation.name).collect();
    assert!(names.len() >= 14, "{names:?}");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn the_worlds_named_are_small_ones() {
    let small: BTreeSet<_> = worlds::small().iter().map(|world| world.name).collect();
    for mutation in mutations() {
        let unknown: Vec<_> =
            mutation.worlds.iter().filter(|name| !small.contains(*name)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", mutation.name);
    }
}
