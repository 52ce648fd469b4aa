//! `docs/claims.md` itself: every claim has its row, and what the row names is there - the code, the scenarios, and the
//! breaks with which they were seen to fail.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "all of this is a test: a panic is a failure that is seen"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// As many claims as the method has: these, and the same again as a program.
const CLAIMS: u32 = 36;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn table() -> String {
    fs::read_to_string(project().join("docs/claims.md")).unwrap()
}

/// The cells of every table row that begins with `| <name> |`, for which `wanted` is true.
fn rows(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = lines.map(|line| line.split(" | ").map(|cell| cell.trim().to_owned()).collect());
    cells.filter(|row: &Vec<String>| row.first().is_some_and(|name| wanted(name))).collect()
}

fn claims() -> Vec<Vec<String>> {
    rows(&table(), |name| name.parse::<u32>().is_ok())
}

/// The breaks by name, with the scenarios that failed.
fn breaks() -> BTreeMap<String, BTreeSet<String>> {
    let is_break =
        |name: &str| name.strip_prefix('B').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let rows = rows(&table(), is_break);
    assert!(rows.iter().all(|row| row.len() == 4), "a break has four cells: {rows:?}");
    rows.into_iter().map(|row| (row[0].clone(), quoted(&row[3]).into_iter().collect())).collect()
}

/// What stands between grave accents in a cell.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every scenario that the sources name.
fn scenarios() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = fs::read_to_string(path).unwrap();
            let literals = source.split("kernel.trial(").skip(1);
            names.extend(literals.filter_map(|rest| {
                let rest = rest.trim_start().strip_prefix('"')?;
                rest.split('"').next().map(str::to_owned)
            }));
        }
    }
    names
}

#[test]
fn every_claim_has_its_row() {
    let numbers: Vec<u32> = claims().iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=CLAIMS).collect::<Vec<_>>());
    for row in claims() {
        assert_eq!(row.len(), 5, "a claim has five cells: {row:?}");
        for cell in &row[2..] {
            assert!(!cell.is_empty(), "an empty cell: {row:?}");
        }
    }
}

#[test]
fn the_program_claims_are_shown_as_their_methods_are() {
    let rows = claims();
    for (method, program) in rows.iter().zip(&rows[18..]) {
        assert_eq!(method[2..], program[2..], "claims {} and {}", method[0], program[0]);
    }
}

#[test]
fn the_code_is_there() {
    for row in claims() {
        let named = quoted(&row[2]);
        assert!(named.len() >= 2, "a file and what is in it: {row:?}");
        let mut source = String::new();
        for name in named {
            if name.ends_with(".rs") {
                source = fs::read_to_string(project().join("crates").join(&name))
                    .unwrap_or_else(|error| panic!("claim {}: {name}: {error}", row[0]));
                continue;
            }
            let kinds = ["fn ", "struct ", "enum ", "type ", "const "];
            let defined = kinds.iter().any(|kind| {
                source.match_indices(&format!("{kind}{name}")).any(|(place, found)| {
                    let next = source[place + found.len()..].chars().next();
                    next.is_some_and(|next| !next.is_alphanumeric() && next != '_')
                })
            });
            assert!(defined, "claim {}: no {name} in the file named before it", row[0]);
        }
    }
}

#[test]
fn the_scenarios_are_there_and_each_is_of_a_claim() {
    let exist = scenarios();
    let mut used = BTreeSet::new();
    for row in claims() {
        let named = quoted(&row[3]);
        assert!(!named.is_empty(), "claim {} names no scenario", row[0]);
        for name in named {
            assert!(exist.contains(&name), "claim {}: there is no scenario {name}", row[0]);
            used.insert(name);
        }
    }
    let unused: Vec<_> =
        exist.iter().filter(|name| name.starts_with("claims::") && !used.contains(*name)).collect();
    assert!(unused.is_empty(), "of no claim: {unused:?}");
}

#[test]
fn each_row_has_a_break_that_one_of_its_scenarios_catches() {
    let (breaks, exist) = (breaks(), scenarios());
    let mut used = BTreeSet::new();
    for row in claims() {
        let own = quoted(&row[3]);
        for name in row[4].split(", ") {
            let caught = breaks.get(name).unwrap_or_else(|| panic!("there is no break {name}"));
            assert!(
                own.iter().any(|scenario| caught.contains(scenario)),
                "claim {}: none of its scenarios catches {name}",
                row[0]
            );
            used.insert(name.to_owned());
        }
    }
    assert_eq!(used.into_iter().collect::<Vec<_>>().len(), breaks.len(), "a break of no claim");
    for (name, caught) in breaks {
        assert!(caught.iter().all(|one| exist.contains(one)), "{name}: {caught:?}");
    }
}
