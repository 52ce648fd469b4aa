//! `docs/messages.md` is what the catalogues give, and the kernel's catalogue is what its source has.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use jobs::message::{KERNEL, document};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every identifier that stands in the sources below a directory.
fn identifiers(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            identifiers(&path, found);
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for (at, _) in text.match_indices("CCW") {
            let Some(identifier) = text.get(at..at + 7) else { continue };
            let digits = identifier[3..6].bytes().all(|byte| byte.is_ascii_digit());
            if digits && ["I", "W", "E"].contains(&&identifier[6..]) {
                found.insert(identifier.to_owned());
            }
        }
    }
}

#[test]
fn the_kernel_s_messages_are_those_in_its_source() {
    let mut found = BTreeSet::new();
    identifiers(&repository().join("kernel/src"), &mut found);
    let listed: BTreeSet<_> = KERNEL.iter().map(|entry| entry.identifier.to_owned()).collect();
    assert_eq!(found, listed);
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_document_is_made_from_the_catalogue() {
    let path = repository().join("docs/messages.md");
    if std::env::var_os("WRITE_DOCUMENTS").is_some() {
        fs::write(&path, document()).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == document(), "docs/messages.md: run this test with WRITE_DOCUMENTS=1");
}
